//! The machine that figures were measured on, as far as a reader must know it; never its name.

use std::fs;

use jiff::Timestamp;

use crate::Result;

/// One sentence: the day, the processor, its cores, the memory and the kernel.
pub(crate) fn describe() -> Result<String> {
    let processors = fs::read_to_string("/proc/cpuinfo")?;
    let memory = fs::read_to_string("/proc/meminfo")?;
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease")?;
    Ok(format!("{}, {}.", today(), sentence(&processors, &memory, &kernel)))
}

#[expect(clippy::disallowed_methods, reason = "the day of a measurement is the real one; no behaviour depends on it")]
fn today() -> String {
    Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn sentence(processors: &str, memory: &str, kernel: &str) -> String {
    let model = values(processors, "model name").next().unwrap_or("an unnamed processor");
    let cores = values(processors, "processor").count();
    let kib = values(memory, "MemTotal").find_map(|value| value.trim_end_matches(" kB").parse::<u64>().ok());
    // What follows the version is the name that whoever built the kernel gave it.
    let kernel = kernel.trim().split('-').next().unwrap_or_default();
    format!("{model}, {cores} cores, {} MiB of memory, Linux {kernel}", kib.unwrap_or(0) / 1024)
}

/// The values of the lines `key: value`.
fn values<'a>(text: &'a str, key: &str) -> impl Iterator<Item = &'a str> {
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    pairs.filter(move |(name, _)| name.trim() == key).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_told_in_one_sentence() {
        let processors = "processor\t: 0\nmodel name\t: Abacus 3\n\nprocessor\t: 1\nmodel name\t: Abacus 3\n";
        let sentence = sentence(processors, "MemTotal:        2048000 kB\nMemFree: 1 kB\n", "6.1.2-of-somebody\n");
        assert_eq!(sentence, "Abacus 3, 2 cores, 2000 MiB of memory, Linux 6.1.2");
    }
}
