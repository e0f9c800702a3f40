use domain::Timestamp;
use maud::{Markup, html};

/// A time, which the portal's `time.js` puts into words where the reader is: `shape` says which.
pub(crate) fn moment(at: Timestamp, shape: TimeFormat) -> Markup {
    let shape = match shape {
        TimeFormat::Ago => "ago",
        TimeFormat::Clock => "clock",
        TimeFormat::Day => "day",
    };
    html! { time datetime=(at) data-shape=(shape) { (at) } }
}

#[derive(Clone, Copy)]
pub(crate) enum TimeFormat {
    /// How long ago up to an hour, then the clock, then the date.
    Ago,
    /// The time of day, beneath a line that names the day.
    Clock,
    /// The day and the time of day: today 3:00 pm.
    Day,
}
