//! The pool that hashes passwords: a fixed number of threads, each with its own reused memory, behind a
//! bounded queue that is fair to every source.
//!
//! A login flood must not hurt anyone else. The threads run at the lowest priority, the queue takes what can
//! be done in time and refuses the rest at once, and the sources take turns, so that one of them can fill the
//! queue but not keep the others out: a newcomer takes the place of the last in the longest line.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parlour_model::{Password, SourcePrefix};
use tokio::sync::oneshot;

use super::memory::{Arena, give_back, step_back};
use super::{Chance, phc};
use crate::settings::HashSettings;
use crate::{Error, Result};

/// How long a thread keeps its memory with nothing to do.
const KEEP_MEMORY: Duration = Duration::from_secs(30);

/// What a client should wait when the queue is full.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// The pool. Dropping the last handle stops the threads.
pub struct HashPool {
    shared: Arc<Shared>,
}

/// What a check found.
#[derive(Debug, PartialEq, Eq)]
pub enum Check {
    /// Another password.
    Wrong,
    /// The password; with a stronger hash of it when the stored one is weaker than configured.
    Right {
        /// The hash to store instead.
        rehashed: Option<String>,
    },
}

struct Shared {
    settings: HashSettings,
    chance: Arc<dyn Chance>,
    /// What unknown accounts are checked against, so that they cost as much time as known ones.
    nobody: String,
    line: Mutex<Line>,
    wake: Condvar,
}

enum Work {
    Hash(Password),
    /// Without a stored hash the answer is always "wrong", after the same work.
    Check(Password, Option<String>),
}

enum Done {
    Hashed(String),
    Checked(Check),
}

struct Job {
    work: Work,
    answer: oneshot::Sender<Result<Done>>,
}

/// What a thread is to do next.
enum Next {
    Work(Job),
    /// There was nothing for a while: memory can be given back.
    Idle,
    Closed,
}

/// The waiting jobs, a line a source; the sources take turns.
#[derive(Default)]
struct Line {
    sources: HashMap<SourcePrefix, VecDeque<Job>>,
    turns: VecDeque<SourcePrefix>,
    waiting: usize,
    closed: bool,
}

impl HashPool {
    /// Starts the threads. Memory is mapped at the first hash.
    ///
    /// # Errors
    /// The cost is none that Argon2 knows, or a thread cannot be started.
    pub fn start(settings: HashSettings, chance: Arc<dyn Chance>) -> Result<Self> {
        let mut memory = Arena::map(phc::blocks(settings.cost)?).ok_or_else(no_memory)?;
        let nobody = hash(b"nobody", settings, &*chance, memory.blocks())?;
        let shared = Arc::new(Shared { settings, chance, nobody, line: Mutex::default(), wake: Condvar::new() });
        for _ in 0..settings.threads.max(1) {
            let shared = shared.clone();
            std::thread::Builder::new()
                .name("hash".to_owned())
                .spawn(move || shared.serve())
                .map_err(Error::internal)?;
        }
        Ok(Self { shared })
    }

    /// Hashes a new password.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full or the deadline passes.
    pub async fn hash(&self, password: Password, source: SourcePrefix) -> Result<String> {
        match self.ask(Work::Hash(password), source).await? {
            Done::Hashed(phc) => Ok(phc),
            Done::Checked(_) => Err(Error::internal("the hash pool answered another question")),
        }
    }

    /// Checks a password against a stored hash; with none it answers [`Check::Wrong`] after as much work.
    ///
    /// # Errors
    /// [`Error::Busy`] when the queue is full or the deadline passes.
    pub async fn check(&self, password: Password, stored: Option<String>, source: SourcePrefix) -> Result<Check> {
        match self.ask(Work::Check(password, stored), source).await? {
            Done::Checked(check) => Ok(check),
            Done::Hashed(_) => Err(Error::internal("the hash pool answered another question")),
        }
    }

    /// Jobs that wait, for the metrics.
    pub fn waiting(&self) -> usize {
        self.shared.line().waiting
    }

    async fn ask(&self, work: Work, source: SourcePrefix) -> Result<Done> {
        let (answer, answered) = oneshot::channel();
        self.shared.line().push(Job { work, answer }, source, self.shared.settings.queue)?;
        self.shared.wake.notify_one();
        // Dropping `answered` at the deadline, or because the request went away, takes the job back: a thread
        // that comes to it sees that nobody waits.
        match tokio::time::timeout(self.shared.settings.deadline, answered).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) | Err(_) => Err(Error::Busy(TRY_AGAIN)),
        }
    }
}

impl Drop for HashPool {
    fn drop(&mut self) {
        self.shared.line().closed = true;
        self.shared.wake.notify_all();
    }
}

impl Line {
    fn push(&mut self, job: Job, source: SourcePrefix, most: usize) -> Result<()> {
        if self.waiting >= most {
            self.forget_the_gone();
        }
        if self.waiting >= most && !self.displace_for(source) {
            return Err(Error::Busy(TRY_AGAIN));
        }
        let jobs = self.sources.entry(source).or_default();
        if jobs.is_empty() {
            self.turns.push_back(source);
        }
        jobs.push_back(job);
        self.waiting += 1;
        Ok(())
    }

    fn pop(&mut self) -> Option<Job> {
        let source = self.turns.pop_front()?;
        let jobs = self.sources.get_mut(&source)?;
        let job = jobs.pop_front();
        if jobs.is_empty() {
            self.sources.remove(&source);
        } else {
            self.turns.push_back(source);
        }
        self.waiting -= usize::from(job.is_some());
        job
    }

    fn forget_the_gone(&mut self) {
        self.sources.retain(|_, jobs| {
            jobs.retain(|job| !job.answer.is_closed());
            !jobs.is_empty()
        });
        self.turns.retain(|source| self.sources.contains_key(source));
        self.waiting = self.sources.values().map(VecDeque::len).sum();
    }

    /// Takes the last place of the longest line for a source whose own line is shorter by two or more.
    fn displace_for(&mut self, source: SourcePrefix) -> bool {
        let own = self.sources.get(&source).map_or(0, VecDeque::len);
        let longest = self.sources.values_mut().max_by_key(|jobs| jobs.len());
        let Some(longest) = longest.filter(|jobs| jobs.len() > own + 1) else { return false };
        // Dropping the job answers its asker: the other end of the channel sees it closed.
        longest.pop_back();
        self.waiting -= 1;
        true
    }
}

impl Shared {
    fn line(&self) -> MutexGuard<'_, Line> {
        // A poisoned line is still a line: no code that holds the lock leaves it half changed.
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn serve(&self) {
        if self.settings.steps_back {
            step_back();
        }
        let mut memory = None;
        loop {
            match self.next() {
                Next::Work(job) if job.answer.is_closed() => {}
                Next::Work(job) => {
                    let done = self.work(job.work, &mut memory);
                    // Nobody waits any more: the work was for nothing, and nothing is lost.
                    drop(job.answer.send(done));
                }
                Next::Idle => {
                    if memory.take().is_some() {
                        give_back();
                    }
                }
                Next::Closed => return,
            }
        }
    }

    /// What a thread is to do next. Waits for it, but not for ever.
    fn next(&self) -> Next {
        let idle_since = Instant::now();
        let mut line = self.line();
        loop {
            if line.closed {
                return Next::Closed;
            }
            if let Some(job) = line.pop() {
                return Next::Work(job);
            }
            let Some(left) = KEEP_MEMORY.checked_sub(idle_since.elapsed()) else { return Next::Idle };
            line = self.wake.wait_timeout(line, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn work(&self, work: Work, memory: &mut Option<Arena>) -> Result<Done> {
        let settings = self.settings;
        match work {
            Work::Hash(password) => {
                let memory = enough(memory, phc::blocks(settings.cost)?)?;
                hash(password.as_bytes(), settings, &*self.chance, memory.blocks()).map(Done::Hashed)
            }
            Work::Check(password, stored) => {
                let known = stored.is_some();
                let stored = phc::Stored::parse(stored.as_deref().unwrap_or(&self.nobody))?;
                let memory = enough(memory, stored.blocks().max(phc::blocks(settings.cost)?))?;
                if !(stored.matches(password.as_bytes(), memory.blocks())? && known) {
                    // A hash from before the cost was raised is checked sooner than nobody's, and that would tell
                    // that there is an account: the rest of the work is done as well.
                    if let Some(rest) = stored.work_missing_to(settings.cost) {
                        let rest = HashSettings { cost: rest, ..settings };
                        hash(password.as_bytes(), rest, &*self.chance, memory.blocks())?;
                    }
                    return Ok(Done::Checked(Check::Wrong));
                }
                let rehash = || hash(password.as_bytes(), settings, &*self.chance, memory.blocks());
                let rehashed = stored.is_weaker_than(settings.cost).then(rehash).transpose()?;
                Ok(Done::Checked(Check::Right { rehashed }))
            }
        }
    }
}

fn hash(password: &[u8], settings: HashSettings, chance: &dyn Chance, memory: &mut [argon2::Block]) -> Result<String> {
    let mut salt = [0; 16];
    chance.fill(&mut salt)?;
    phc::hash(password, salt, settings.cost, memory)
}

fn enough(memory: &mut Option<Arena>, blocks: usize) -> Result<&mut Arena> {
    if memory.as_mut().is_none_or(|arena| arena.blocks().len() < blocks) {
        *memory = Some(Arena::map(blocks).ok_or_else(no_memory)?);
    }
    memory.as_mut().ok_or_else(no_memory)
}

fn no_memory() -> Error {
    Error::internal("the system has no memory for a password hash")
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;
    use crate::secret::SystemChance;
    use crate::settings::HashCost;

    fn pool(queue: usize) -> HashPool {
        let cost = HashCost { memory_kib: 64, passes: 1 };
        let settings = HashSettings { cost, threads: 1, queue, deadline: Duration::from_mins(1), steps_back: false };
        HashPool::start(settings, Arc::new(SystemChance::default())).expect("a pool")
    }

    fn password(text: &str) -> Password {
        Password::parse(text.to_owned()).expect("a password")
    }

    fn source(last: u8) -> SourcePrefix {
        SourcePrefix::of(IpAddr::from([203, 0, 113, last]))
    }

    fn job() -> (Job, oneshot::Receiver<Result<Done>>) {
        let (answer, answered) = oneshot::channel();
        (Job { work: Work::Hash(password("x")), answer }, answered)
    }

    #[tokio::test]
    async fn the_right_password_is_right_and_others_are_wrong() {
        let pool = pool(4);
        let phc = pool.hash(password("secret"), source(1)).await.expect("a hash");
        let check = async |text, stored| pool.check(password(text), stored, source(1)).await.expect("an answer");
        assert_eq!(check("secret", Some(phc.clone())).await, Check::Right { rehashed: None });
        assert_eq!(check("Secret", Some(phc)).await, Check::Wrong);
        assert_eq!(check("nobody", None).await, Check::Wrong);
    }

    #[test]
    fn sources_take_turns_and_a_newcomer_finds_a_place() {
        let mut line = Line::default();
        let mut flood: Vec<_> = (0..4).map(|_| job()).collect();
        let waiting: Vec<_> = flood
            .drain(..)
            .map(|(job, answered)| {
                line.push(job, source(1), 4).expect("a place");
                answered
            })
            .collect();
        let (refused, _answered) = job();
        assert!(matches!(line.push(refused, source(1), 4), Err(Error::Busy(_))));
        let (newcomer, newcomers_answer) = job();
        line.push(newcomer, source(2), 4).expect("the last place of the longest line");
        assert_eq!(waiting.iter().filter(|answered| answered.is_terminated()).count(), 0);
        assert_eq!(line.waiting, 4);
        drop(line.pop());
        let second = line.pop().expect("a job");
        drop(newcomers_answer);
        assert!(second.answer.is_closed(), "the second turn is the newcomer's");
    }

    #[test]
    fn those_who_went_away_leave_their_place() {
        let mut line = Line::default();
        let (gone, answered) = job();
        line.push(gone, source(1), 1).expect("a place");
        drop(answered);
        let (job, _answered) = job();
        line.push(job, source(1), 1).expect("the place of the one who went away");
        assert_eq!(line.waiting, 1);
    }
}
