//! What the hub of a node does about the hints that it hears.

use parlour_model::{Epoch, RoomId, RoomName, Seq};

use crate::bus::{Hint, Listener, NodeId, Published};
use crate::history::Head;
use crate::node::Inner;
use crate::subscription::Log;

impl Listener for Inner {
    fn hear(&self, hint: Hint) {
        match hint {
            Hint::Published(published) => self.deliver(published),
            Hint::Stands { room, head_id, epoch, last } => self.catch_up(&room, head_id, epoch, last),
            Hint::Expelled { room, account, why } => {
                if let Some(room) = self.rooms.find(&room) {
                    self.tell_later(&room, room.expel(account, why, self.clock.now()));
                }
            }
            Hint::TurnedOut { room, why, stay } => {
                if let Some(room) = self.rooms.find(&room) {
                    self.tell_later(&room, room.turn_out(why, &stay, self.clock.now()));
                }
            }
            Hint::Noted { account, note } => {
                for listener in self.registry.listeners(account) {
                    listener.note(note.clone());
                }
            }
            Hint::Typing { room, author } => {
                if let Some(room) = self.rooms.find(&room) {
                    room.hear_typing(author);
                }
            }
            // What only nodes say to one another.
            Hint::Control(_) | Hint::Presence(_) => {}
        }
    }

    fn hear_from(&self, node: NodeId, hint: Hint) {
        match hint {
            Hint::Control(control) => self.hear_control(node, control),
            Hint::Presence(presence) => self.hear_presence(node, presence),
            other => self.hear(other),
        }
    }
}

impl Inner {
    fn deliver(&self, published: Published) {
        let Some(room) = self.rooms.find(&published.room) else {
            return;
        };
        room.entitle(published.room.as_str());
        let log = Log { epoch: published.epoch, id: published.head_id };
        if room.take(log, published.events) {
            self.repair(&room);
        }
    }

    /// Something was committed, and this is only how far the log goes with it.
    fn catch_up(&self, room: &RoomName, id: RoomId, epoch: Epoch, last_seq: Seq) {
        let Some(active) = self.rooms.find(room) else { return };
        if active.learn(&Head { id, name: room.as_str().to_owned(), epoch, last_seq }) {
            self.repair(&active);
        }
    }
}
