//! Event time as people write it.

use kernel::Millis;

const DAY_MS: i64 = 86_400_000;

/// Local hour of the day, 0 to 23.
pub fn hour(at: Millis, utc_offset_minutes: i32) -> usize {
    (local(at, utc_offset_minutes).rem_euclid(DAY_MS) / 3_600_000) as usize
}

/// Local date and time, such as `Fri 2008-05-30 17:04:09`.
pub fn show(at: Millis, utc_offset_minutes: i32) -> String {
    let local = local(at, utc_offset_minutes);
    let (days, second) = (local.div_euclid(DAY_MS), local.rem_euclid(DAY_MS) / 1_000);
    let (year, month, day) = date(days);
    let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days.rem_euclid(7) as usize];
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{weekday} {year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
}

/// Reads UNIX seconds, or a time as RFC 3339 writes it: `2008-05-30T17:04:09Z`, `2008-05-30T17:04:09-07:00`.
///
/// # Errors
/// What was not understood.
pub fn parse(text: &str) -> Result<Millis, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return seconds.checked_mul(1_000).map(Millis).ok_or(format!("{text} seconds are too many"));
    }
    rfc3339(text).ok_or(format!("`{text}` is no time: write UNIX seconds or 2008-05-30T17:04:09-07:00"))
}

fn rfc3339(text: &str) -> Option<Millis> {
    let (stamp, zone) = (text.get(..19)?, text.get(19..)?);
    let number = |from: usize, to: usize, low: i64, high: i64| {
        let part = stamp.get(from..to).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()))?;
        part.parse::<i64>().ok().filter(|number| (low..=high).contains(number))
    };
    let marks: Vec<u8> = [4, 7, 10, 13, 16].iter().map(|at| stamp.as_bytes()[*at]).collect();
    if !matches!(&marks[..], b"--T::" | b"--t::" | b"-- ::") {
        return None;
    }
    let days = days(number(0, 4, 1970, 2100)?, number(5, 7, 1, 12)?, number(8, 10, 1, 31)?);
    let seconds = number(11, 13, 0, 23)? * 3_600 + number(14, 16, 0, 59)? * 60 + number(17, 19, 0, 60)?;
    let zone =
        zone.trim_start_matches('.').trim_start_matches(|digit: char| digit.is_ascii_digit() && text.contains('.'));
    let offset_minutes = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = if zone.starts_with('-') { -1 } else { 1 };
            let (hours, minutes) = zone.strip_prefix(['+', '-'])?.split_once(':')?;
            sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?)
        }
    };
    Some(Millis(days * DAY_MS + (seconds - offset_minutes * 60) * 1_000))
}

fn local(at: Millis, utc_offset_minutes: i32) -> i64 {
    at.0 + i64::from(utc_offset_minutes) * 60_000
}

/// Days since 1970 to a date of the Gregorian calendar; years begin in March, so that the leap day is a year's last.
fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day)
}

/// A date to days since 1970.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_and_shown() {
        let at = Millis(1_212_044_400_000);
        assert_eq!(show(at, -420), "Thu 2008-05-29 00:00:00");
        for text in ["2008-05-29T00:00:00-07:00", "2008-05-29T07:00:00Z", "1212044400", "2008-05-29T07:00:00.250Z"] {
            assert_eq!(parse(text), Ok(at), "{text}");
        }
        assert_eq!(show(Millis(951_782_400_000), 0), "Tue 2000-02-29 00:00:00");
        for text in ["", "yesterday", "2008-13-01T00:00:00Z", "2008-05-29T07:00:00", "2008-05-29T07:00:00+7"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(hour(at, -420), 0);
    }
}
