//! What a room must have delivered: the first seat that gets a message writes it down, the others are held against it.
//!
//! Every seat keeps only its place. So a lost, repeated, altered or misplaced message is noticed at every one of them,
//! for the price of comparing a few bytes.

use super::text::{Raw, Stamp};

/// One room's messages in the order that everybody must see.
#[derive(Debug)]
pub(crate) struct Ledger {
    entries: Box<[Entry]>,
    /// How many messages somebody has got so far.
    head: u32,
    /// The number of the room's first sender.
    first_sender: u32,
    /// What each of its senders counts next.
    next: Vec<u32>,
}

/// A message as its first reader saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    raw: Raw,
    /// Who sent it.
    pub(crate) sender: u32,
    /// When: microseconds of the crowd's clock.
    pub(crate) sent: u32,
}

impl Ledger {
    /// An empty one, for the `senders` senders from number `first_sender` on. It remembers `size` messages, a power of two: no seat may lag
    /// behind another by more.
    pub(crate) fn new(first_sender: u32, senders: usize, size: usize) -> Self {
        let nothing = Entry { raw: [0; 24], sender: 0, sent: 0 };
        Self { entries: vec![nothing; size].into(), head: 0, first_sender, next: vec![0; senders] }
    }

    /// Holds what a seat got as its message number `place` against what it should have been.
    #[inline]
    pub(crate) fn check(&mut self, place: u32, raw: &Raw) -> Result<Entry, String> {
        let slot = place as usize & (self.entries.len() - 1);
        if place == self.head {
            self.entries[slot] = self.admit(raw)?;
            self.head += 1;
        } else if self.entries[slot].raw != *raw || (self.head - place) as usize > self.entries.len() {
            return Err(self.disorder(place, raw));
        }
        Ok(self.entries[slot])
    }

    /// A message that nobody has seen before: of one of the room's senders, and the next of that one.
    fn admit(&mut self, raw: &Raw) -> Result<Entry, String> {
        let stamp = Stamp::read(raw).ok_or("a stamp that nobody wrote")?;
        let own = stamp.sender.checked_sub(self.first_sender).and_then(|place| self.next.get_mut(place as usize));
        let next = own.ok_or_else(|| format!("a message of sender {}, who is in another room", stamp.sender))?;
        if stamp.counter != *next {
            return Err(format!("message {} of sender {} in the place of {next}", stamp.counter, stamp.sender));
        }
        *next += 1;
        Ok(Entry { raw: *raw, sender: stamp.sender, sent: stamp.sent })
    }

    #[cold]
    fn disorder(&self, place: u32, raw: &Raw) -> String {
        if (self.head - place) as usize > self.entries.len() {
            return format!("a seat lags behind the first by {} messages", self.head - place);
        }
        format!("a seat got {:?} as message {place}, another one did not", Stamp::read(raw))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(sender: u32, counter: u32) -> Raw {
        Stamp { sender, counter, sent: 9 }.raw()
    }

    #[test]
    fn everybody_must_see_what_the_first_one_saw() {
        let mut ledger = Ledger::new(10, 2, 4);
        let seen = [raw(10, 0), raw(11, 0), raw(10, 1)];
        for _seat in 0..2 {
            for (place, raw) in (0..).zip(&seen) {
                let entry = ledger.check(place, raw).expect("in order");
                assert_eq!((entry.sent, entry.raw), (9, *raw));
            }
        }
        assert!(ledger.check(1, &seen[2]).is_err(), "one was lost");
        assert!(ledger.check(1, &seen[0]).is_err(), "one came twice");
    }

    #[test]
    fn the_first_one_must_see_every_sender_in_order() {
        let mut ledger = Ledger::new(10, 2, 4);
        assert!(ledger.check(0, &raw(11, 1)).is_err(), "one was lost");
        assert!(ledger.check(0, &raw(12, 0)).is_err(), "a stranger");
        assert!(ledger.check(0, &raw(9, 0)).is_err(), "a stranger");
        assert!(ledger.check(0, &[0; 24]).is_err(), "no stamp");
        ledger.check(0, &raw(11, 0)).expect("in order");
        assert!(ledger.check(1, &raw(11, 0)).is_err(), "one came twice");
    }

    #[test]
    fn a_seat_that_lags_too_far_cannot_be_judged() {
        let mut ledger = Ledger::new(0, 1, 2);
        for counter in 0..3 {
            ledger.check(counter, &raw(0, counter)).expect("in order");
        }
        assert!(ledger.check(0, &raw(0, 0)).is_err());
        ledger.check(1, &raw(0, 1)).expect("still there");
    }
}
