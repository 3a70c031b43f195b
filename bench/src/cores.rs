//! Which cores a thread may run on: server and load are kept apart, so that neither takes from the other.

use std::fs;
use std::io;

use crate::Result;

/// Some cores by number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cores(Vec<usize>);

impl Cores {
    /// Those that this program was given.
    pub(crate) fn given() -> Result<Self> {
        let status = fs::read_to_string("/proc/self/status")?;
        let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        let cores = list.and_then(parse).ok_or("the system does not tell which cores there are")?;
        Ok(Self(cores))
    }

    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// One core for the server and one for the load; on a machine of one core, they share it.
    pub(crate) fn apart(&self) -> (Self, Self) {
        let (first, last) = (self.0.first().copied(), self.0.last().copied());
        (Self(first.into_iter().collect()), Self(last.into_iter().collect()))
    }

    /// Runs `work` on a new thread that may use only these cores; so may the threads and processes that it starts.
    pub(crate) fn run<T: Send>(&self, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                self.hold()?;
                work()
            });
            thread.join().map_err(|_panic| "a measuring thread panicked")?
        })
    }

    #[expect(unsafe_code, reason = "the standard library cannot choose a thread's cores")]
    fn hold(&self) -> io::Result<()> {
        // SAFETY: a `cpu_set_t` is an array of bits, and no bit set is a value of it.
        let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
        for core in &self.0 {
            // SAFETY: `CPU_SET` checks the number against the set's length, and panics outside of it.
            unsafe { libc::CPU_SET(*core, &mut set) };
        }
        // SAFETY: the kernel only reads the set, whose size is given; thread 0 is the calling one.
        match unsafe { libc::sched_setaffinity(0, size_of_val(&set), &raw const set) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// A list as the kernel writes it: `0-3,8`.
fn parse(list: &str) -> Option<Vec<usize>> {
    let mut cores = Vec::new();
    for part in list.trim().split(',') {
        let (from, to) = part.split_once('-').unwrap_or((part, part));
        cores.extend(from.parse::<usize>().ok()?..=to.parse().ok()?);
    }
    Some(cores)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lists_are_read() {
        assert_eq!(parse("\t0-2,5\n"), Some(vec![0, 1, 2, 5]));
        assert_eq!(parse("7"), Some(vec![7]));
        assert_eq!(parse("a-b"), None);
    }

    #[test]
    fn server_and_load_are_apart_where_there_is_room() {
        let apart = |cores: &[usize]| Cores(cores.to_vec()).apart();
        assert_eq!(apart(&[0, 1, 2]), (Cores(vec![0]), Cores(vec![2])));
        assert_eq!(apart(&[4]), (Cores(vec![4]), Cores(vec![4])));
    }

    #[test]
    fn a_held_thread_stays_on_its_core() {
        let one = Cores::given().expect("a list of cores").apart().0;
        assert_eq!(one.run(Cores::given_to_this_thread).expect("a thread"), one);
    }

    impl Cores {
        fn given_to_this_thread() -> Result<Self> {
            let status = fs::read_to_string("/proc/thread-self/status")?;
            let list = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
            Ok(Self(list.and_then(parse).ok_or("no list")?))
        }
    }
}
