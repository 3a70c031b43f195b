//! How a contract writes what happens: called once per entry, and all its seats share the frame.

use std::any::{Any, TypeId};
use std::sync::Mutex;

use bytes::Bytes;
use parlour_model::{Author, Epoch, Event, Timestamp};
use parlour_websocket::frame;

use crate::lock::lock;

/// Where something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Here<'a> {
    /// The room's name, as it was first written there.
    pub room: &'a str,
    /// Which life of its log; 0 before anybody has written.
    pub epoch: Epoch,
}

/// The words of one contract. Each answer is the text of one WebSocket message; `None` when the contract says
/// nothing of such a thing.
pub trait Encoder: Any + Send + Sync {
    /// An event of the room's log.
    fn event(&self, here: Here<'_>, event: &Event) -> Option<String>;

    /// Somebody came.
    fn joined(&self, _here: Here<'_>, _who: &Author, _at: Timestamp) -> Option<String> {
        None
    }

    /// Somebody went.
    fn left(&self, _here: Here<'_>, _who: &Author, _at: Timestamp) -> Option<String> {
        None
    }

    /// Somebody is writing.
    fn typing(&self, _here: Here<'_>, _who: &Author) -> Option<String> {
        None
    }

    /// Who is there, told to a newcomer, who is not among the `others`.
    fn online(&self, _others: &[Author], _at: Timestamp) -> Option<String> {
        None
    }

    /// Whether presence is spoken of at all. `false` spares a newcomer's list of people, which in a large
    /// room is the most expensive part of joining.
    fn presence(&self) -> bool {
        true
    }
}

/// What is put around a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// A WebSocket's frame.
    Plain,
    /// A compressed one, where that is shorter.
    Deflated,
    /// Nothing.
    Bare,
}

impl Framing {
    /// For a peer that takes compressed messages, or one that does not.
    pub(crate) const fn of_socket(deflate: bool) -> Self {
        if deflate { Self::Deflated } else { Self::Plain }
    }
}

/// How many voices have their frames kept. More would work, but write every entry anew for every seat.
pub(crate) const MOST_VOICES: usize = 8;

/// Gives each voice its place among an entry's frames.
#[derive(Default)]
pub(crate) struct Voices(Mutex<Vec<Identity>>);

/// The address alone would not do: values without a size may share one.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity {
    kind: TypeId,
    address: usize,
    framing: Framing,
}

/// An encoder, what is put around its texts, and where they are kept.
#[derive(Clone, Copy)]
pub(crate) struct Voice {
    pub(crate) encoder: &'static dyn Encoder,
    pub(crate) framing: Framing,
    pub(crate) slot: Option<u8>,
}

impl Voice {
    /// Whether the two say the same in the same frames.
    pub(crate) fn is(self, other: Self) -> bool {
        self.slot.is_some() && self.slot == other.slot
    }

    /// An event as a frame.
    pub(crate) fn event(self, here: Here<'_>, event: &Event) -> Option<Bytes> {
        self.encoder.event(here, event).map(|text| self.frame(&text))
    }

    /// A message as a frame, ready for the wire.
    pub(crate) fn frame(self, text: &str) -> Bytes {
        match self.framing {
            Framing::Plain => frame::text(text),
            Framing::Deflated => frame::deflated_text(text).unwrap_or_else(|| frame::text(text)),
            Framing::Bare => Bytes::copy_from_slice(text.as_bytes()),
        }
    }
}

impl Voices {
    pub(crate) fn voice(&self, encoder: &'static dyn Encoder, framing: Framing) -> Voice {
        let identity = Identity { framing, ..Identity::of(encoder) };
        let mut known = lock(&self.0);
        let slot = known.iter().position(|one| *one == identity).or_else(|| {
            let free = known.len();
            (free < MOST_VOICES).then(|| {
                known.push(identity);
                free
            })
        });
        // There are few slots, and a voice is part of what every idle connection costs.
        Voice { encoder, framing, slot: slot.and_then(|slot| u8::try_from(slot).ok()) }
    }
}

impl Identity {
    fn of(encoder: &'static dyn Encoder) -> Self {
        let any: &dyn Any = encoder;
        let address = match size_of_val(encoder) {
            0 => 0,
            _ => std::ptr::from_ref(any).addr(),
        };
        Self { kind: any.type_id(), address, framing: Framing::Plain }
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
                fn event(&self, _: Here<'_>, _: &Event) -> Option<String> { None }
            }
        )*};
    }
    silent!(Silent<0>, Silent<1>, Numbered);

    static FIRST: Numbered = Numbered(1);
    static SECOND: Numbered = Numbered(2);

    #[test]
    fn every_encoder_has_its_own_place() {
        let voices = Voices::default();
        let all: [&'static dyn Encoder; 4] = [&Silent::<0>, &Silent::<1>, &FIRST, &SECOND];
        for (slot, encoder) in (0..).zip(all) {
            assert_eq!(voices.voice(encoder, Framing::Plain).slot, Some(slot));
        }
        assert_eq!(voices.voice(&Silent::<1>, Framing::Plain).slot, Some(1), "known by now");
        assert_eq!(voices.voice(&Silent::<1>, Framing::Deflated).slot, Some(4), "other frames");
    }

    #[test]
    fn one_too_many_is_served_without_a_place() {
        let voices = Voices::default();
        for number in 0..9_u8 {
            let encoder = Box::leak(Box::new(Numbered(number)));
            let slot = voices.voice(encoder, Framing::Plain).slot;
            assert_eq!(slot.is_none(), number == 8, "{number}");
        }
    }
}
