//! Days and dates of the Gregorian calendar, in both directions.

/// Names of the months as Go writes and reads them, January first.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
/// Names of the days of a week, Sunday first.
pub const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;

/// A day of a year of the calendar.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Day {
    /// Astronomical: 0 is the year before 1.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
}

/// Days since 1970-01-01 of a date; a month beyond the year counts into other years, a day beyond the month likewise.
#[must_use]
pub fn days_of(date: Day) -> i64 {
    let months = date.month.wrapping_sub(1);
    let year = date.year.wrapping_add(months.div_euclid(12));
    let month = months.rem_euclid(12) + 1;
    // Years begin in March, so that the leap day is the last of its year; an era has 400 years and 146,097 days.
    let year = if month <= 2 { year.wrapping_sub(1) } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era.wrapping_mul(146_097).wrapping_add(day_of_era - 719_468).wrapping_add(date.day.wrapping_sub(1))
}

/// The date of a number of days since 1970-01-01.
#[must_use]
pub fn date_of(days: i64) -> Day {
    let days = days.saturating_add(719_468);
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    Day {
        year: year_of_era + era * 400 + i64::from(month <= 2),
        month,
        day: day_of_year - (153 * shifted + 2) / 5 + 1,
    }
}

/// Whether February has 29 days.
#[must_use]
pub fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days before `month`, from 1, in a year that is no leap year; 13 is the whole year.
#[must_use]
pub fn days_before(month: i64) -> i64 {
    days_of(Day { year: 2001, month, day: 1 }) - days_of(Day { year: 2001, month: 1, day: 1 })
}

/// Days of `month`, from 1, in `year`.
#[must_use]
pub fn days_in(month: i64, year: i64) -> i64 {
    days_before(month + 1) - days_before(month) + i64::from(month == 2 && is_leap(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_comes_back() {
        for days in (-1_000_000..1_000_000).step_by(37) {
            assert_eq!(days_of(date_of(days)), days);
        }
        assert_eq!(date_of(0), Day { year: 1970, month: 1, day: 1 });
        assert_eq!(date_of(-719_162), Day { year: 1, month: 1, day: 1 });
        assert_eq!((days_in(2, 2024), days_in(2, 1900), days_before(13)), (29, 28, 365));
    }
}
