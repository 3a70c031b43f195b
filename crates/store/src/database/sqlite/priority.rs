//! How the store's threads share a core with those that talk to people. The system may refuse; then it is only slower.

/// How far a thread steps back (`nice`): it still has about a tenth of a core that others want.
const BACK: libc::c_int = 10;

/// Has the calling thread wait, when there is something to do, until whoever runs on its core sleeps or has had its
/// time. Otherwise, where a core is shared, the first of many writes would be committed before the others are asked
/// for, and a group for many costs little more than a group for one.
#[expect(unsafe_code, reason = "the standard library has no scheduling classes")]
pub(super) fn interrupt_nobody() {
    let priority = libc::sched_param { sched_priority: 0 };
    // SAFETY: 0 means the calling thread; the call reads the value it is given a pointer to.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_BATCH, &raw const priority) };
}

/// Has the calling thread take less of a core that others want. It takes some all the same: under `SCHED_IDLE`, which
/// gives way at once, it would get nothing where the core is always busy, and the log would grow.
#[expect(unsafe_code, reason = "the standard library has no priorities")]
pub(super) fn step_back() {
    // SAFETY: the call takes numbers; on Linux 0 means the calling thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, BACK) };
}
