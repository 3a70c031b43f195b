//! Latencies counted in buckets: noting one costs an increment, however many there are.

/// Buckets an octave: a percentile is at most 1/64 too high.
const FINE: u32 = 64;

/// Values below this have a bucket each.
const EXACT: u32 = 2 * FINE;

/// One bucket for each small value, then 64 for each of the 25 octaves above.
const BUCKETS: usize = 27 * 64;

/// Counts of values.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Box<[u64; BUCKETS]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: Box::new([0; BUCKETS]) }
    }
}

impl Histogram {
    /// Counts a value.
    #[inline]
    pub(crate) fn note(&mut self, value: u32) {
        self.counts[bucket(value)] += 1;
    }

    /// The least value that at least `share` of all values (0 to 1) do not exceed, up to the width of its bucket; 0 of nothing.
    pub(crate) fn quantile(&self, share: f64) -> u32 {
        let all: u64 = self.counts.iter().sum();
        let rank = crate::measure::real(all) * share;
        let mut seen = 0;
        for (place, count) in self.counts.iter().enumerate() {
            seen += count;
            if *count > 0 && crate::measure::real(seen) >= rank {
                return top(place);
            }
        }
        0
    }
}

#[inline]
fn bucket(value: u32) -> usize {
    let shift = if value < EXACT { 0 } else { value.ilog2() - FINE.ilog2() };
    (shift * FINE + (value >> shift)) as usize
}

/// The highest value of a bucket.
fn top(place: usize) -> u32 {
    let place = u32::try_from(place).unwrap_or(u32::MAX);
    let shift = (place / FINE).saturating_sub(1);
    let fine = u64::from(place - shift * FINE);
    u32::try_from(((fine + 1) << shift) - 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_is_in_a_bucket_hardly_wider_than_itself() {
        let powers = (0..32).map(|bit| 1_u32 << bit);
        for value in powers.flat_map(|power| [power - 1, power, power + power / 3]).chain([u32::MAX]) {
            let top = top(bucket(value));
            assert!(
                top >= value && f64::from(top) <= f64::from(value) * (1.0 + 1.0 / f64::from(FINE)),
                "{value}: {top}"
            );
        }
        assert!(bucket(u32::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_are_where_they_should_be() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.quantile(0.5), 0);
        (1..=100).for_each(|value| histogram.note(value));
        assert_eq!([0.0, 0.5, 0.99, 1.0].map(|share| histogram.quantile(share)), [1, 50, 99, 100]);
        histogram.note(10_000);
        assert_eq!(histogram.quantile(1.0), 10_111);
    }
}
