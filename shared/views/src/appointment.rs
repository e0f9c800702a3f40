use domain::{
    Appointment, AppointmentDetails, AppointmentField, AppointmentId, AppointmentStatus, Block, Day, MobileNumber,
    NextAppointment, OptOut, Page, Practitioner, TextingObstacle, TimeZone,
};
use maud::{Markup, html};
use serde_json::{Value, json};

use crate::appointment_form::ANYBODY;
use crate::conversation::conversation_address;
use crate::icon::{Icon, icon};
use crate::moment::{TimeFormat, moment};
use crate::text::text;
use crate::{Viewer, appointment_form};

/// Returns the portal's URL path of an appointment.
#[must_use]
pub fn appointment_address(id: &AppointmentId) -> String {
    format!("/appointment.html?a={id}")
}

/// An appointment as shown in the form of a member of staff.
#[derive(Clone, Copy, Debug)]
pub struct AppointmentView<'a> {
    pub appointment: &'a Appointment,
    /// The values in the form: the saved ones, or with the reader's changes merged in.
    pub typed: &'a AppointmentDetails,
    /// The version that the reader started from, if others have changed the appointment since.
    pub since: Option<u32>,
}

impl<'a> AppointmentView<'a> {
    /// Creates the view of an appointment without unsaved changes.
    #[must_use]
    pub fn unchanged(appointment: &'a Appointment) -> Self {
        Self { appointment, typed: appointment.details(), since: None }
    }
}

/// Whether an appointment's customer can be texted.
#[derive(Clone, Debug)]
pub struct TextingView {
    pub mobile: Option<MobileNumber>,
    pub refused: Option<TextingObstacle>,
    /// Whether a carrier lookup has returned the kind of the number.
    pub checked: bool,
    /// The sentence that says why no carrier lookup was made, if a rate limit prevented it.
    pub unchecked: Option<String>,
    /// Whether the number has a recent conversation.
    pub talked: bool,
    /// Whether the number is blocked. The conversation shows this.
    pub is_blocked: bool,
    /// The opt-out, if the customer has opted out. The conversation shows this.
    pub opt_out: Option<OptOut>,
}

impl TextingView {
    /// Returns why the customer cannot be texted, and what to do about it.
    fn sentence(&self, viewer: &Viewer) -> Option<String> {
        let number = self.mobile.as_ref().map(|mobile| mobile.number.shown_in(viewer.region));
        self.refused.map(|refused| refused.sentence(&number.unwrap_or_default()))
    }
}

/// Renders a customer's next appointment in one line: today 3:00 pm · Haircut · booked.
pub(crate) fn next_appointment(next: &NextAppointment) -> Markup {
    html! { (appointment_time(next)) " · " span.status.(next.status.as_str()) { (next.status.as_str()) } }
}

/// Renders a customer's next appointment in one line, without its status.
pub(crate) fn appointment_time(next: &NextAppointment) -> Markup {
    html! {
        (moment(next.start, TimeFormat::Day))
        @if !next.service.is_empty() { " · " (text(&next.service)) }
    }
}

pub(crate) fn next_appointment_json(next: &NextAppointment) -> Value {
    json!({"id": next.id, "start": next.start.to_string(), "service": next.service, "status": next.status})
}

/// Renders a day of appointments, with links to other days.
///
/// `shown` is the largest number of rows that this page has, and the number that the "Show more" button requests. The
/// page has a hidden field `appointments-shown` with the first number, which it sends with every refresh.
#[must_use]
pub fn appointments(page: &Page<Appointment>, shown: (usize, usize), day: Day, today: Day, viewer: &Viewer) -> Markup {
    let (limit, more) = shown;
    let address = |day: Day| format!("/appointments.html?day={day}");
    html! {
        div.day-head id="day-head" {
            h2.day-title id="day-title" data-day=(day) { (day.written_out()) @if day == today { span.today { "Today" } } }
            nav.days aria-label="Days" {
                a.button href=(address(day.previous())) { "Previous" }
                a.button href="/appointments.html" aria-current=[(day == today).then_some("date")] { "Today" }
                a.button href=(address(day.next())) { "Next" }
            }
        }
        input type="hidden" id="appointments-shown" name="limit" value=(limit);
        @if page.items.is_empty() {
            p.empty id="appointments-empty" { "No appointments on this day." }
        } @else {
            ol.rows id="appointment-rows" aria-labelledby="day-title" {
                @for appointment in &page.items { (row(appointment, viewer)) }
                @if page.next.is_some() {
                    li.older id="appointments-more" {
                        @if more > limit {
                            button type="button" hx-get={ "/api/appointments?day=" (day) "&limit=" (more) } hx-target="#day" hx-swap="innerMorph" {
                                "Show more of this day"
                            }
                        } @else {
                            "These are the first " (limit) " appointments of this day."
                        }
                    }
                }
            }
        }
    }
}

fn row(appointment: &Appointment, viewer: &Viewer) -> Markup {
    let details = appointment.details();
    html! {
        li.appointment.(details.status.as_str()) id={ "appointment-" (appointment.id) } {
            a href=(appointment_address(&appointment.id)) {
                span.appointment-when {
                    (moment(details.start, TimeFormat::Clock)) " – " (moment(details.ends(), TimeFormat::Clock))
                }
                span.appointment-who {
                    strong.name { (text(details.name.as_str())) } " "
                    @match &details.mobile {
                        Some(mobile) => span.number { (mobile.number.shown_in(viewer.region)) },
                        None => span.number { "no mobile number" },
                    }
                }
                span.appointment-what {
                    (text(details.service.as_str()))
                    @if let Some(provider) = &details.provider {
                        @if !details.service.as_str().is_empty() { " · " }
                        "with " (provider.name)
                    }
                }
                span.status.(details.status.as_str()) { (details.status.as_str()) }
            }
        }
    }
}

/// Renders the form of an appointment, and whether its customer can be texted.
///
/// The form and the notice are two elements. Each replaces the page's element with the same id.
#[must_use]
pub fn appointment(
    view: &AppointmentView<'_>,
    texting: &TextingView,
    staff: &[Practitioner],
    zone: &TimeZone,
    viewer: &Viewer,
) -> Markup {
    let AppointmentView { appointment, typed, since } = *view;
    let details = appointment.details();
    let by = &appointment.now.by;
    html! {
        div.appointment-pane id="appointment-pane" data-version=(appointment.now.number) {
            div.appointment-head id="appointment-head" tabindex="-1" {
                h2.name { (text(details.name.as_str())) }
                p.appointment-next {
                    (moment(details.start, TimeFormat::Day))
                    " · " span.status.(details.status.as_str()) { (details.status.as_str()) }
                }
                p.hint {
                    @if appointment.now.number == 1 { "Entered by " } @else { "Last changed by " }
                    (by) ", " (moment(appointment.now.at, TimeFormat::Ago))
                }
            }
            @if let Some(seen) = since { (changed_meanwhile(appointment, typed, seen, viewer)) }
            @else if let Some(before) = appointment.moved_from() { (moved(appointment, before, texting, zone, viewer)) }
            (appointment_form::changing(appointment, typed, staff, zone, viewer))
            (appointment_form::cancelling(appointment))
        }
        (texting_place(texting, viewer))
    }
}

/// Renders the notice that an appointment was moved, with a button to text the customer the new time. Empty for a past
/// or cancelled appointment.
fn moved(
    appointment: &Appointment,
    before: &AppointmentDetails,
    texting: &TextingView,
    zone: &TimeZone,
    viewer: &Viewer,
) -> Markup {
    let details = appointment.details();
    let (day, time) = zone.local(details.start);
    let tells = format!("Your appointment is now on {} at {time}.", day.written_out());
    let can_be_told = texting.refused.is_none() && texting.opt_out.is_none() && !texting.is_blocked;
    html! {
        @if details.start > viewer.now && details.status != AppointmentStatus::Cancelled {
            div.moved id="moved" role="status" tabindex="-1" {
                p {
                    "Moved from " (moment(before.start, TimeFormat::Day)) "."
                    @if details.status != before.status && details.status == AppointmentStatus::Booked {
                        " It is booked again: the customer " (before.status.as_str()) " the other time."
                    }
                }
                @if can_be_told { button.button type="button" data-writes=(tells) { "Text the new time" } }
            }
        }
    }
}

/// Renders the notice on whether the customer can be texted, above or instead of the conversation. Its
/// `data-conversation` is the id of the conversation to show.
fn texting_place(texting: &TextingView, viewer: &Viewer) -> Markup {
    let conversation = texting.mobile.as_ref().map(|mobile| mobile.conversation);
    html! {
        div.texting id="texting" data-conversation=[conversation.filter(|_| texting.refused.is_none())] {
            @if let Some(sentence) = texting.sentence(viewer) {
                div.no-texting role="status" {
                    p { (icon(Icon::Warning)) span { (sentence) } }
                    @if let Some(conversation) = conversation.filter(|_| texting.talked) {
                        p { a href=(conversation_address(conversation)) { "Read what was said with this number" } }
                    }
                }
            } @else if !texting.checked {
                p.unchecked role="status" {
                    @if let Some(sentence) = &texting.unchecked { (sentence) } @else {
                        "This number is not checked yet. It is saved, you can write to it, and it will be checked while this appointment is open, or the next time it is."
                    }
                }
            }
        }
    }
}

/// Renders the changes that others saved since a version, with the reader's value where it differs.
fn changed_meanwhile(appointment: &Appointment, typed: &AppointmentDetails, seen: u32, viewer: &Viewer) -> Markup {
    let changes = appointment.changes_since(seen);
    let ours = typed.differences(appointment.details());
    html! {
        div.told id="told" role="alert" tabindex="-1" {
            p { strong { "This appointment was changed while you had it open. Your changes are not saved yet." } }
            ul {
                @for (after, before, fields) in &changes {
                    @for field in fields {
                        li {
                            (after.by) ", " (moment(after.at, TimeFormat::Ago)) ": "
                            b { (label(*field)) } " from " (value(*field, &before.details, viewer))
                            " to " (value(*field, &after.details, viewer))
                            @if ours.contains(field) { ". You wrote " (value(*field, typed, viewer)) }
                            "."
                        }
                    }
                }
            }
            p { "The form has their changes and yours. Save again to keep it so." }
        }
    }
}

pub(crate) fn label(field: AppointmentField) -> &'static str {
    match field {
        AppointmentField::Name => "Name",
        AppointmentField::Mobile => "Mobile number",
        AppointmentField::Start => "Time",
        AppointmentField::Length => "Length",
        AppointmentField::Service => "Service",
        AppointmentField::Notes => "Notes",
        AppointmentField::Provider => "With",
        AppointmentField::Status => "Status",
    }
}

pub(crate) fn value(field: AppointmentField, details: &AppointmentDetails, viewer: &Viewer) -> Markup {
    let words = |words: &str| {
        html! { @if words.is_empty() { "nothing" } @else { "“" (text(words)) "”" } }
    };
    match field {
        AppointmentField::Name => words(details.name.as_str()),
        AppointmentField::Mobile => html! {
            @if let Some(mobile) = &details.mobile { span.number { (mobile.number.shown_in(viewer.region)) } } @else { "none" }
        },
        AppointmentField::Start => moment(details.start, TimeFormat::Day),
        AppointmentField::Length => html! { (details.length.minutes()) " minutes" },
        AppointmentField::Service => words(details.service.as_str()),
        AppointmentField::Notes => words(details.notes.as_str()),
        AppointmentField::Provider => html! { (details.provider.as_ref().map_or(ANYBODY, |provider| &provider.name)) },
        AppointmentField::Status => html! { (details.status.as_str()) },
    }
}

pub(crate) fn name_in_json(field: AppointmentField) -> &'static str {
    match field {
        AppointmentField::Name => "name",
        AppointmentField::Mobile => "number",
        AppointmentField::Start => "start",
        AppointmentField::Length => "minutes",
        AppointmentField::Service => "service",
        AppointmentField::Notes => "notes",
        AppointmentField::Provider => "provider",
        AppointmentField::Status => "status",
    }
}

pub(crate) fn value_in_json(field: AppointmentField, details: &AppointmentDetails) -> Value {
    match field {
        AppointmentField::Name => json!(details.name),
        AppointmentField::Mobile => json!(details.mobile.as_ref().map(|mobile| &mobile.number)),
        AppointmentField::Start => json!(details.start.to_string()),
        AppointmentField::Length => json!(details.length.minutes()),
        AppointmentField::Service => json!(details.service),
        AppointmentField::Notes => json!(details.notes),
        AppointmentField::Provider => provider_json(details),
        AppointmentField::Status => json!(details.status),
    }
}

fn provider_json(details: &AppointmentDetails) -> Value {
    json!(details.provider.as_ref().map(|provider| json!({"id": provider.staff, "name": provider.name})))
}

/// Returns an appointment as JSON. The README of `edit-appointment` describes the fields.
#[must_use]
pub fn appointment_json(appointment: &Appointment, zone: &TimeZone, viewer: &Viewer) -> Value {
    let details = appointment.details();
    let (day, time) = zone.local(details.start);
    let mobile = details.mobile.as_ref();
    json!({
        "id": appointment.id,
        "version": appointment.now.number,
        "name": details.name,
        "number": mobile.map(|mobile| &mobile.number),
        "number_shown": mobile.map(|mobile| mobile.number.shown_in(viewer.region)),
        "conversation": mobile.map(|mobile| mobile.conversation),
        "start": details.start.to_string(),
        "ends": details.ends().to_string(),
        "day": day.to_string(),
        "time": time.to_string(),
        "minutes": details.length.minutes(),
        "service": details.service,
        "notes": details.notes,
        "provider": provider_json(details),
        "status": details.status,
        "changed_by": appointment.now.by,
        "changed_at": appointment.now.at.to_string(),
    })
}

/// Returns an appointment as JSON, with whether the customer can be texted.
#[must_use]
pub fn appointment_and_texting_json(
    appointment: &Appointment,
    texting: &TextingView,
    zone: &TimeZone,
    viewer: &Viewer,
) -> Value {
    let mut json = appointment_json(appointment, zone, viewer);
    let reason = texting.refused.map(reason).or(texting.is_blocked.then_some("blocked"));
    let reason = reason.or(texting.opt_out.as_ref().map(|_| "opted-out"));
    let blocked = texting.is_blocked.then(|| Block::NO_TEXTING.to_owned());
    let opted_out = texting.opt_out.as_ref().map(|out| out.sentence(&zone.local(out.since()).0.written_out()));
    if texting.refused.is_some() {
        json["conversation"] = Value::Null;
    }
    json["texting"] = json!({
        "possible": reason.is_none(),
        "checked": texting.checked,
        "reason": reason,
        "message": texting.sentence(viewer).or(blocked).or(opted_out).or_else(|| texting.unchecked.clone()),
    });
    json
}

/// Returns the JSON value for why a customer cannot be texted.
pub(crate) fn reason(why: TextingObstacle) -> &'static str {
    match why {
        TextingObstacle::NoNumber => "no-number",
        TextingObstacle::Landline => "landline",
        TextingObstacle::NotInUse => "not-in-use",
        TextingObstacle::Refused => "refused",
        TextingObstacle::Country(_) => "country-not-allowed",
        TextingObstacle::NotANumber => "not-a-number",
    }
}

/// Returns the changes since the reader's version as JSON, with the current appointment.
#[must_use]
pub fn changed_meanwhile_json(
    view: &AppointmentView<'_>,
    texting: &TextingView,
    zone: &TimeZone,
    viewer: &Viewer,
) -> Value {
    let seen = view.since.unwrap_or(view.appointment.now.number);
    let changes = view.appointment.changes_since(seen).into_iter().flat_map(|(after, before, fields)| {
        fields.into_iter().map(move |field| {
            json!({
                "field": name_in_json(field),
                "from": value_in_json(field, &before.details),
                "to": value_in_json(field, &after.details),
                "by": after.by,
                "at": after.at.to_string(),
            })
        })
    });
    json!({
        "error": {
            "code": "changed-meanwhile",
            "message": "This appointment was changed meanwhile, and nothing was saved. Look at the changes, and send yours again with the version that it has now.",
        },
        "changes": changes.collect::<Vec<_>>(),
        "appointment": appointment_and_texting_json(view.appointment, texting, zone, viewer),
    })
}

/// The statuses that staff can choose in the form. Cancelling has its own button.
pub(crate) const BY_HAND: [AppointmentStatus; 3] =
    [AppointmentStatus::Booked, AppointmentStatus::Confirmed, AppointmentStatus::Declined];
