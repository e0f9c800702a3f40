use domain::Timestamp;
use maud::{Markup, html};

/// Renders a time. The portal's `time.js` formats it in the reader's time zone, in the format `shape`.
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
    /// The elapsed time up to an hour, after that the time of day, and on later days the date.
    Ago,
    /// The time of day, below a heading with the day.
    Clock,
    /// The day and the time of day: today 3:00 pm.
    Day,
}
