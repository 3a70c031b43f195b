//! Lists that are cut into what a letter holds.

use serde::Serialize;

/// What a letter has besides its list, at most: the name of a room, numbers, and the names of all that.
const ENVELOPE: usize = 1_024;

/// The most that one letter lists, however much its carrier takes.
const MOST: usize = 1_000;

/// How much of a list has room in a letter, or still has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portion {
    bytes: usize,
    count: usize,
}

impl Portion {
    /// Of letters of at most so many bytes.
    pub(crate) fn of_letters(most_bytes: usize) -> Self {
        Self { bytes: most_bytes.saturating_sub(ENVELOPE), count: MOST }
    }

    /// Takes the room that one more needs, if there is as much. The first is taken in any case: no name is so long that a
    /// carrier would not take it alone.
    pub(crate) fn takes(&mut self, one: &impl Serialize) -> bool {
        // What is told is made of texts and numbers, which always have a JSON; behind it comes a comma.
        let bytes = serde_json::to_vec(one).map_or(0, |json| json.len() + 1);
        let takes = self.count == MOST || (self.count > 0 && bytes <= self.bytes);
        if takes {
            self.count -= 1;
            self.bytes = self.bytes.saturating_sub(bytes);
        }
        takes
    }

    /// Cuts a list into parts, of which there is at least one.
    pub(crate) fn cut<T: Serialize>(self, list: Vec<T>) -> Vec<Vec<T>> {
        let (mut parts, mut part, mut left) = (Vec::new(), Vec::new(), self);
        for one in list {
            if !left.takes(&one) {
                parts.push(std::mem::take(&mut part));
                left = self;
                left.takes(&one);
            }
            part.push(one);
        }
        parts.push(part);
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_is_larger_than_a_letter_and_nothing_is_lost() {
        let portion = Portion::of_letters(ENVELOPE + 20);
        assert_eq!(portion.cut(Vec::<String>::new()), [Vec::<String>::new()]);
        let long = "x".repeat(30);
        let list = ["12345", "12345", "\"\"\"\"", &long, "1"];
        assert_eq!(portion.cut(list.to_vec()), [vec!["12345", "12345"], vec!["\"\"\"\""], vec![&*long], vec!["1"]]);
        let parts = Portion::of_letters(1_000_000).cut(vec![1; 2 * MOST + 1]);
        assert_eq!(parts.iter().map(Vec::len).collect::<Vec<_>>(), [MOST, MOST, 1]);
    }
}
