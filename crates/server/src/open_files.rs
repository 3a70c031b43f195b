//! Room for sockets: every connection is an open file, and systems start programs with few.

/// Raises the number of files this process may have open as far as it is allowed to.
#[expect(unsafe_code, reason = "the standard library cannot ask for more open files")]
pub fn allow_many() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the pointer is to a local value of the type that the call fills.
    if unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } != 0 {
        return;
    }
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: as above; the call reads the value. If it is refused, there is room for fewer connections.
    unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
}
