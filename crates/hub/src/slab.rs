//! Things by their number, which stays taken until it is given back.

/// A table whose numbers are used again.
pub(crate) struct Slab<T> {
    slots: Vec<Slot<T>>,
    /// The number that is given out next, if it was used before.
    free: u32,
    len: usize,
}

enum Slot<T> {
    Taken(T),
    /// The next free one after this; or [`NONE`], also for one that is taken but holds nothing any more.
    Empty(u32),
}

const NONE: u32 = u32::MAX;

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { slots: Vec::new(), free: NONE, len: 0 }
    }
}

impl<T> Slab<T> {
    /// How many numbers are taken.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Puts something in and returns its number.
    pub(crate) fn insert(&mut self, one: T) -> u32 {
        self.len += 1;
        let number = self.free;
        if let Some(slot) = self.slots.get_mut(number as usize) {
            let Slot::Empty(next) = std::mem::replace(slot, Slot::Taken(one)) else { return number };
            self.free = next;
            return number;
        }
        self.slots.push(Slot::Taken(one));
        // A node has far fewer connections than there are numbers.
        u32::try_from(self.slots.len() - 1).unwrap_or(NONE)
    }

    /// Gives a number back, with what it still held.
    pub(crate) fn remove(&mut self, number: u32) -> Option<T> {
        let slot = self.slots.get_mut(number as usize)?;
        let held = std::mem::replace(slot, Slot::Empty(self.free));
        self.free = number;
        self.len -= 1;
        if self.len == 0 {
            *self = Self::default();
        }
        match held {
            Slot::Taken(one) => Some(one),
            Slot::Empty(_) => None,
        }
    }

    /// Takes out what is meant. The numbers stay taken.
    pub(crate) fn extract(&mut self, mut is_meant: impl FnMut(&T) -> bool) -> Vec<T> {
        let meant = self.slots.iter_mut().filter(|slot| matches!(slot, Slot::Taken(one) if is_meant(one)));
        let held = meant.map(|slot| std::mem::replace(slot, Slot::Empty(NONE)));
        held.filter_map(|slot| if let Slot::Taken(one) = slot { Some(one) } else { None }).collect()
    }

    /// Those with so many numbers from `first` on, and whether there are numbers after them.
    pub(crate) fn some(&self, first: usize, most: usize) -> (impl Iterator<Item = &T>, bool) {
        let slots = self.slots.get(first..).unwrap_or_default();
        let taken =
            slots.iter().take(most).filter_map(|slot| if let Slot::Taken(one) = slot { Some(one) } else { None });
        (taken, slots.len() > most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_given_out_again_only_when_it_is_back() {
        let mut slab = Slab::default();
        let numbers = ["a", "b", "c"].map(|one| slab.insert(one));
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(slab.extract(|one| *one != "a"), ["b", "c"]);
        assert_eq!((slab.insert("d"), slab.len()), (3, 4), "b and c have not given theirs back");
        assert_eq!((slab.remove(1), slab.remove(0)), (None, Some("a")));
        assert_eq!((slab.insert("e"), slab.insert("f"), slab.insert("g")), (0, 1, 4));
        let (some, more) = slab.some(1, 3);
        assert_eq!((some.copied().collect::<Vec<_>>(), more), (vec!["f", "d"], true));
    }

    #[test]
    fn an_empty_one_holds_no_memory() {
        let mut slab = Slab::default();
        let number = slab.insert(1);
        slab.insert(2);
        assert_eq!((slab.remove(number), slab.remove(1)), (Some(1), Some(2)));
        assert_eq!(slab.slots.capacity(), 0);
    }

    #[test]
    fn a_place_of_a_seat_is_two_words() {
        struct Seated(
            #[expect(dead_code, reason = "its size counts")] Option<std::num::NonZeroI64>,
            #[expect(dead_code, reason = "as above")] std::sync::Arc<()>,
        );
        assert_eq!(size_of::<Slot<Seated>>(), 16);
    }
}
