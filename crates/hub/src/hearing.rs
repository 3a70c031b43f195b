//! What the hub of a node does about the hints that it hears.

use parlour_model::{RoomName, Seq};

use crate::bus::{Hint, Listener, NodeId, Published};
use crate::node::Inner;
use crate::subscription::Log;

impl Listener for Inner {
    fn hear(&self, hint: Hint) {
        match hint {
            Hint::Published(published) => self.deliver(published),
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
            Hint::Stands { .. } | Hint::Control(_) | Hint::Presence(_) => {}
        }
    }

    fn hear_from(&self, node: NodeId, hint: Hint) {
        match hint {
            Hint::Control(control) => self.hear_control(node, control),
            Hint::Presence(presence) => self.hear_presence(node, presence),
            // Others may be mistaken, or not be who they say: about the log only the store is believed.
            Hint::Published(published) => self.hear_published(published),
            Hint::Stands { room, head_id, epoch, last } => {
                self.hear_head(&room, Log { epoch, id: head_id }, last);
            }
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

    fn hear_published(&self, published: Published) {
        let Some(room) = self.rooms.find(&published.room) else { return };
        let log = Log { epoch: published.epoch, id: published.head_id };
        let (has_hole, is_doubtful) = room.hear(log, published.events);
        if has_hole {
            self.repair(&room);
        }
        if is_doubtful {
            self.look(&room);
        }
    }

    /// Something was committed, and this is only how far the log goes with it.
    fn hear_head(&self, room: &RoomName, log: Log, last: Seq) {
        if let Some(room) = self.rooms.find(room).filter(|room| room.is_doubtful(log, last)) {
            self.look(&room);
        }
    }
}
