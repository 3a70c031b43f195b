//! Numbers about numbers: medians and percentiles.

/// The middle of `values`; between the two middle ones when their number is even. `NaN` of nothing.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
        (Some(low), Some(high)) if sorted.len().is_multiple_of(2) => low.midpoint(*high),
        (_, Some(middle)) => *middle,
        _ => f64::NAN,
    }
}

/// The smallest of `values` that at least `percent` of 100 of them do not exceed (nearest rank). `NaN` of nothing.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or(f64::NAN)
}

/// The ratios of the rounds, each of a value to the floor of the same round.
pub(crate) fn ratios(values: &[f64], floors: &[f64]) -> Vec<f64> {
    values.iter().zip(floors).map(|(value, floor)| value / floor).collect()
}

/// A count as a real number.
#[expect(clippy::cast_precision_loss, reason = "no measurement counts to 2⁵³, and a figure has three digits")]
pub(crate) fn real(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_whatever_the_order() {
        assert_eq!(median(&[9.0, 1.0, 5.0]).to_bits(), 5.0_f64.to_bits());
        assert_eq!(median(&[4.0, 1.0, 2.0, 100.0]).to_bits(), 3.0_f64.to_bits());
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<f64> = (1..=200).rev().map(f64::from).collect();
        let at = |percent| percentile(&values, percent).to_string();
        assert_eq!([at(0), at(50), at(99), at(100)], ["1", "100", "198", "200"]);
        assert_eq!(percentile(&[7.0], 99).to_bits(), 7.0_f64.to_bits());
        assert!(percentile(&[], 99).is_nan());
    }

    #[test]
    fn each_round_is_compared_with_its_own_floor() {
        let ratios = ratios(&[1.0, 4.0], &[2.0, 4.0]);
        assert_eq!(ratios.iter().map(f64::to_string).collect::<Vec<_>>(), ["0.5", "1"]);
    }
}
