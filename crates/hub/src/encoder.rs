//! How a contract writes what happens: called once per entry, and all its seats share the frame.

use std::any::{Any, TypeId};
use std::sync::Mutex;

use bytes::Bytes;
use parlour_model::{Author, Event, Timestamp};
use parlour_websocket::frame;

use crate::lock::lock;

/// The words of one contract. Each answer is the text of one WebSocket message; `None` when the contract says
/// nothing of such a thing.
pub trait Encoder: Any + Send + Sync {
    /// An event of the room's log.
    fn event(&self, event: &Event) -> Option<String>;

    /// Somebody came.
    fn joined(&self, who: &Author, at: Timestamp) -> Option<String>;

    /// Somebody went.
    fn left(&self, who: &Author, at: Timestamp) -> Option<String>;

    /// Who is there, told to a newcomer, who is not among the `others`.
    fn online(&self, others: &[Author], at: Timestamp) -> Option<String>;

    /// Whether presence is spoken of at all. `false` spares a newcomer's list of people, which in a large
    /// room is the most expensive part of joining.
    fn presence(&self) -> bool {
        true
    }
}

/// How many encoders have their frames kept. More would work, but write every entry anew for every seat.
pub(crate) const MOST_ENCODERS: usize = 8;

/// Gives each encoder its place among an entry's frames.
#[derive(Default)]
pub(crate) struct Encoders(Mutex<Vec<Identity>>);

/// The address alone would not do: values without a size may share one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    kind: TypeId,
    address: usize,
}

/// An encoder, and where its frames are kept.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) encoder: &'static dyn Encoder,
    pub(crate) slot: Option<usize>,
}

impl Voice {
    /// Whether the two say the same in the same frames.
    pub(crate) fn is(self, other: Self) -> bool {
        self.slot.is_some() && self.slot == other.slot
    }

    /// An event as a frame.
    pub(crate) fn event(self, event: &Event) -> Option<Bytes> {
        self.encoder.event(event).map(|text| self.frame(&text))
    }

    /// A message as a frame, ready for the wire.
    pub(crate) fn frame(self, text: &str) -> Bytes {
        frame::text(text)
    }
}

impl Encoders {
    pub(crate) fn voice(&self, encoder: &'static dyn Encoder) -> Voice {
        let identity = Identity::of(encoder);
        let mut known = lock(&self.0);
        let slot = known.iter().position(|one| *one == identity).or_else(|| {
            let free = known.len();
            (free < MOST_ENCODERS).then(|| {
                known.push(identity);
                free
            })
        });
        Voice { encoder, slot }
    }
}

impl Identity {
    fn of(encoder: &'static dyn Encoder) -> Self {
        let any: &dyn Any = encoder;
        let address = match size_of_val(encoder) {
            0 => 0,
            _ => std::ptr::from_ref(any).addr(),
        };
        Self { kind: any.type_id(), address }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Silent<const N: usize>;
    struct Numbered(#[expect(dead_code, reason = "gives the value a size, and so an address")] u8);

    macro_rules! silent {
        ($($kind:ty),*) => {$(
            impl Encoder for $kind {
                fn event(&self, _: &Event) -> Option<String> { None }
                fn joined(&self, _: &Author, _: Timestamp) -> Option<String> { None }
                fn left(&self, _: &Author, _: Timestamp) -> Option<String> { None }
                fn online(&self, _: &[Author], _: Timestamp) -> Option<String> { None }
            }
        )*};
    }
    silent!(Silent<0>, Silent<1>, Numbered);

    static FIRST: Numbered = Numbered(1);
    static SECOND: Numbered = Numbered(2);

    #[test]
    fn every_encoder_has_its_own_place() {
        let encoders = Encoders::default();
        let all: [&'static dyn Encoder; 4] = [&Silent::<0>, &Silent::<1>, &FIRST, &SECOND];
        for (slot, encoder) in all.into_iter().enumerate() {
            assert_eq!(encoders.voice(encoder).slot, Some(slot));
        }
        assert_eq!(encoders.voice(&Silent::<1>).slot, Some(1), "known by now");
    }

    #[test]
    fn one_too_many_is_served_without_a_place() {
        let encoders = Encoders::default();
        for number in 0..9_u8 {
            let encoder = Box::leak(Box::new(Numbered(number)));
            let slot = encoders.voice(encoder).slot;
            assert_eq!(slot.is_none(), number == 8, "{number}");
        }
    }
}
