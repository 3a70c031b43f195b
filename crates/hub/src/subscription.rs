//! How a room follows its log over a bus that loses, repeats and overtakes: by the next seq, and nothing else.

use std::collections::BTreeMap;

use parlour_model::{Epoch, Event, RoomId, Seq, Timestamp};

use crate::history::Head;

/// The most events that wait for a hole before them to be filled, and the most bytes of their texts: when it is,
/// they come at once, and the ring should not let go of them before a seat has looked. What is over is read from
/// the history when its turn comes.
const MOST_HELD: usize = 512;
const MOST_HELD_BYTES: usize = 1024 * 1024;

/// Which log: a later one takes the place of an earlier one of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Log {
    /// Compared first: a restore gives every log a new epoch, whatever its room's number.
    pub(crate) epoch: Epoch,
    pub(crate) id: RoomId,
}

impl Log {
    pub(crate) fn of(head: &Head) -> Self {
        Self { epoch: head.epoch, id: head.id }
    }
}

/// Where a room stands in its log.
#[derive(Debug, Default)]
pub(crate) struct Subscription {
    /// `None` while nobody has written.
    log: Option<Log>,
    /// Whether that log is gone: only a later one goes on.
    is_over: bool,
    /// The event that the delivery began after, where that is known.
    began: Option<(Seq, Timestamp)>,
    /// The next seq to deliver; `None` until the head is read.
    next: Option<Seq>,
    /// The highest seq that is known to exist.
    known: Seq,
    held: BTreeMap<Seq, Event>,
    held_bytes: usize,
}

/// What came of news.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// To be delivered, in this order.
    pub(crate) ready: Vec<Event>,
    /// Whether another log has begun: what was delivered before has no meaning in it.
    pub(crate) turned: bool,
}

impl Subscription {
    /// The seq of the last delivered event; 0 before the first.
    pub(crate) fn last(&self) -> Seq {
        self.next.map_or(0, |next| next - 1)
    }

    /// The log, if there is one.
    pub(crate) fn log(&self) -> Option<Log> {
        self.log.filter(|_| !self.is_over)
    }

    /// The event that the delivery began after, and its time.
    pub(crate) fn began(&self) -> Option<(Seq, Timestamp)> {
        self.began
    }

    /// The log is gone, and what is still on its way of it is late.
    pub(crate) fn end(&mut self) {
        self.is_over = true;
        self.held.clear();
        self.held_bytes = 0;
        self.known = 0;
        self.next = self.next.map(|_| 1);
    }

    /// Begins to deliver after the head. What came by the bus before it was read has been held.
    pub(crate) fn start(&mut self, head: Option<&Head>) -> Progress {
        let last = match head {
            None => 0,
            Some(head) if self.enter(Log::of(head), 1).is_some() => {
                self.began = head.last_at.map(|at| (head.last_seq, at));
                head.last_seq
            }
            // The hints are of a later log than the head, which was read too early: they begin it.
            Some(_) => self.held.keys().next().map_or(0, |first| first - 1),
        };
        self.next = Some(last + 1);
        self.known = self.known.max(last);
        self.held.retain(|seq, _| *seq > last);
        self.held_bytes = self.held.values().map(bytes_of).sum();
        let mut ready = Vec::new();
        self.release(&mut ready);
        Progress { ready, turned: false }
    }

    /// Takes events that the bus or the history brought.
    pub(crate) fn take(&mut self, log: Log, events: Vec<Event>) -> Progress {
        let Some(first) = events.first().map(|event| event.seq) else {
            return Progress::default();
        };
        let Some(turned) = self.enter(log, first) else {
            return Progress::default();
        };
        let mut ready = Vec::new();
        for event in events {
            self.known = self.known.max(event.seq);
            match self.next {
                Some(next) if event.seq < next => {}
                Some(next) if event.seq == next => {
                    self.next = Some(next + 1);
                    ready.push(event);
                }
                _ => self.hold(event),
            }
        }
        self.release(&mut ready);
        Progress { ready, turned }
    }

    /// Takes events that another node tells of. What does not follow on what this node knows is not believed, only kept
    /// where the history may confirm it: `true` asks for a look at the head.
    pub(crate) fn hear(&mut self, log: Log, events: Vec<Event>) -> (Progress, bool) {
        if self.next.is_none() || self.log != Some(log) || self.is_over {
            return (Progress::default(), self.is_doubtful(log, Seq::MAX));
        }
        let (mut ready, mut is_doubtful) = (Vec::new(), false);
        for event in events {
            match self.next {
                Some(next) if event.seq < next => {}
                Some(next) if event.seq == next => {
                    self.next = Some(next + 1);
                    ready.push(event);
                }
                _ => {
                    is_doubtful = true;
                    self.hold(event);
                }
            }
        }
        self.release(&mut ready);
        (Progress { ready, turned: false }, is_doubtful)
    }

    /// Whether it would be news that a log goes as far as that, so that the head is to be looked at.
    pub(crate) fn is_doubtful(&self, log: Log, last: Seq) -> bool {
        match self.log {
            Some(own) if own == log => !self.is_over && last > self.last(),
            own => own.is_none_or(|own| log > own),
        }
    }

    /// Takes what the history says of the head: hints may have been lost.
    pub(crate) fn learn(&mut self, head: &Head) -> Progress {
        let turned = self.enter(Log::of(head), head.last_seq.saturating_add(1));
        if turned.is_some() {
            self.known = self.known.max(head.last_seq);
        }
        Progress { ready: Vec::new(), turned: turned == Some(true) }
    }

    /// The log, and the seq after which events are known to exist that have not come.
    pub(crate) fn hole(&self) -> Option<(Log, Seq)> {
        let next = self.next.filter(|next| *next <= self.known)?;
        Some((self.log?, next - 1))
    }

    /// Goes over to `log` if it is later than the one so far, to begin there at `first`, and says whether that
    /// is a change. `None`: it is an earlier one, whose news are late.
    fn enter(&mut self, log: Log, first: Seq) -> Option<bool> {
        let turned = match self.log {
            None => false,
            Some(old) if log < old || (log == old && self.is_over) => return None,
            Some(old) => log != old,
        };
        self.is_over = false;
        self.log = Some(log);
        if turned {
            self.began = None;
            self.held.clear();
            self.held_bytes = 0;
            self.known = 0;
            self.next = self.next.map(|_| first);
        }
        Some(turned)
    }

    fn hold(&mut self, event: Event) {
        self.held_bytes += bytes_of(&event);
        if let Some(old) = self.held.insert(event.seq, event) {
            self.held_bytes -= bytes_of(&old);
        }
        while self.held.len() > MOST_HELD || self.held_bytes > MOST_HELD_BYTES {
            let Some((_, last)) = self.held.pop_last() else {
                return;
            };
            self.held_bytes -= bytes_of(&last);
        }
    }

    /// Lets go what is held and due.
    fn release(&mut self, ready: &mut Vec<Event>) {
        let Some(mut next) = self.next else {
            return;
        };
        while let Some(held) = self.held.first_entry().filter(|held| *held.key() <= next) {
            let event = held.remove();
            self.held_bytes -= bytes_of(&event);
            if event.seq == next {
                next += 1;
                ready.push(event);
            }
        }
        self.next = Some(next);
    }
}

fn bytes_of(event: &Event) -> usize {
    event.body.text_bytes()
}

#[cfg(test)]
mod tests {
    use parlour_model::EventBody;
    use proptest::prelude::*;

    use super::*;

    const LOG: Log = Log { epoch: Epoch(0), id: RoomId(1) };

    fn event(seq: Seq) -> Event {
        Event { seq, at: Timestamp(0), body: EventBody::Erased }
    }

    fn events(seqs: impl IntoIterator<Item = Seq>) -> Vec<Event> {
        seqs.into_iter().map(event).collect()
    }

    fn head(epoch: i64, last_seq: Seq) -> Head {
        Head { id: LOG.id, name: "den".to_owned(), epoch: Epoch(epoch), last_seq, last_at: None }
    }

    fn started(last: Seq) -> Subscription {
        let mut subscription = Subscription::default();
        assert_eq!(subscription.start(Some(&head(0, last))), Progress::default());
        subscription
    }

    #[test]
    fn what_comes_before_the_head_is_known_is_held() {
        let mut subscription = Subscription::default();
        assert_eq!(subscription.take(LOG, events(4..8)), Progress::default());
        assert_eq!(subscription.hole(), None, "not before the head is known");
        assert_eq!(subscription.start(Some(&head(0, 5))).ready, events(6..8));
        assert_eq!(subscription.last(), 7);
    }

    #[test]
    fn of_head_and_hints_the_later_log_counts() {
        let later = Log { epoch: Epoch(1), ..LOG };
        let mut subscription = Subscription::default();
        subscription.take(later, events(4..6));
        assert_eq!(subscription.start(Some(&head(0, 9))).ready, events(4..6));
        let mut subscription = Subscription::default();
        subscription.take(LOG, events(4..6));
        assert_eq!(subscription.start(Some(&head(1, 3))), Progress::default());
        assert_eq!((subscription.last(), subscription.hole()), (3, None));
    }

    #[test]
    fn a_head_that_is_ahead_is_a_hole() {
        let mut subscription = started(2);
        assert_eq!(subscription.learn(&head(0, 4)), Progress::default());
        assert_eq!(subscription.hole(), Some((LOG, 2)));
        assert_eq!(subscription.take(LOG, events(3..5)).ready, events(3..5));
        assert_eq!(subscription.hole(), None);
    }

    #[test]
    fn a_later_log_begins_anew_and_an_earlier_one_is_late() {
        let mut subscription = started(9);
        let later = Log { epoch: Epoch(1), ..LOG };
        assert_eq!(subscription.take(later, events(1..3)), Progress { ready: events(1..3), turned: true });
        assert_eq!(subscription.take(LOG, events(3..11)), Progress::default());
        assert_eq!(subscription.learn(&head(0, 50)), Progress::default());
        assert_eq!(subscription.hole(), None);
        assert!(subscription.learn(&head(2, 7)).turned);
        assert_eq!(subscription.last(), 7);
    }

    #[test]
    fn of_a_log_that_is_gone_nothing_comes_any_more() {
        let mut subscription = started(9);
        subscription.take(LOG, events([11]));
        subscription.end();
        assert_eq!((subscription.log(), subscription.last(), subscription.hole()), (None, 0, None));
        assert_eq!(subscription.take(LOG, events(10..12)), Progress::default());
        assert_eq!(subscription.learn(&head(0, 50)), Progress::default());
        let later = Log { epoch: Epoch(1), ..LOG };
        assert_eq!(subscription.take(later, events(1..3)), Progress { ready: events(1..3), turned: true });
        assert_eq!(subscription.log(), Some(later));
    }

    #[test]
    fn what_another_node_tells_changes_nothing_that_the_history_does_not_confirm() {
        let mut subscription = started(2);
        let later = Log { epoch: Epoch(9), ..LOG };
        assert_eq!(subscription.hear(later, events(1..3)), (Progress::default(), true));
        assert_eq!(subscription.hear(LOG, events([Seq::MAX])), (Progress::default(), true));
        assert_eq!((subscription.log(), subscription.hole()), (Some(LOG), None));
        assert_eq!(subscription.hear(LOG, events([2, 3, 5])), (Progress { ready: events([3]), turned: false }, true));
        assert_eq!(subscription.hear(LOG, events([4])), (Progress { ready: events(4..6), turned: false }, false));
        assert_eq!(subscription.hear(Log { epoch: Epoch(-1), ..LOG }, events([6])), (Progress::default(), false));
        assert_eq!((subscription.is_doubtful(LOG, 5), subscription.is_doubtful(LOG, 6)), (false, true));
        subscription.end();
        assert_eq!(subscription.hear(LOG, events([6])), (Progress::default(), false), "it is gone");
        let mut unknown = Subscription::default();
        assert_eq!(unknown.hear(LOG, events([1])), (Progress::default(), true), "before the head is known");
        assert_eq!(unknown.log(), None);
    }

    #[test]
    fn what_is_over_the_bound_is_a_hole_and_not_lost() {
        let mut subscription = started(0);
        subscription.take(LOG, events(2..2_000));
        assert_eq!(subscription.held.len(), MOST_HELD);
        subscription.take(LOG, events([1]));
        let last = 1 + Seq::try_from(MOST_HELD).expect("small");
        assert_eq!(subscription.hole(), Some((LOG, last)));
    }

    proptest! {
        #[test]
        fn any_hints_and_the_history_behind_them_are_the_log(
            hints in proptest::collection::vec((1..60_i64, 1..6_i64), 0..60),
            start in 0..30_i64,
        ) {
            let mut subscription = started(start);
            let mut delivered = Vec::new();
            for (first, size) in hints {
                delivered.extend(subscription.take(LOG, events(first..first + size)).ready);
                if size == 1 && let Some((_, after)) = subscription.hole() {
                    delivered.extend(subscription.take(LOG, events(after + 1..after + 4)).ready);
                }
            }
            let seqs: Vec<_> = delivered.iter().map(|event| event.seq).collect();
            prop_assert_eq!(seqs, (start + 1..=subscription.last()).collect::<Vec<_>>());
            prop_assert_eq!(subscription.held.values().map(bytes_of).sum::<usize>(), subscription.held_bytes);
            prop_assert!(subscription.held.keys().all(|seq| *seq > subscription.last()));
        }
    }
}
