#![doc = include_str!("../README.md")]

mod input;
mod planned_slot;

use std::convert::Infallible;

use domain::{
    Appointment, AppointmentDetails, AppointmentId, Clock, Company, ConversationId, Customer, InvalidAppointment,
    InvalidPhoneNumber, MessageId, MeteredAction, MobileNumber, NumberKind, PhoneNumber, Position, Practitioner,
    Randomness, RequestDigest, SendingLimits, Staff, TextingObstacle,
};
use http::{Method, StatusCode};
use input::{AppointmentInput, ParseContext, merge_onto};
use lambda_http::{Body, Request, RequestExt, Response};
use planned_slot::PlannedSlot;
use runtime::Runtime;
use serde_json::json;
use sms::CarrierLookup;
use store::{LookupClaim, SaveOutcome, Store, WRITE_ATTEMPTS};
use views::{AppointmentView, TextingView, Viewer};
use web::{IdempotencyKey, Problem, ResponseFormat, WebResponse};

/// Lists, shows, creates and changes appointments, for staff and for scheduling systems.
pub struct EditAppointmentFunction {
    store: Store,
    lookup: CarrierLookup,
    /// The allowed countries, and the rate limits on saves and number look-ups.
    limits: SendingLimits,
    clock: Clock,
    randomness: Randomness,
}

/// The number of appointments of a day that are listed by default.
const A_PAGE: usize = 100;
/// The maximum number of appointments of a day that are listed.
const MOST_OF_A_DAY: usize = 500;

fn overtaken_too_often() -> Problem {
    store::contended().into()
}

fn key_used() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "idempotency-key-used",
        "This Idempotency-Key has been used for another booking. Use a new one for each booking.",
    )
}

impl EditAppointmentFunction {
    #[must_use]
    pub fn new(runtime: &Runtime, limits: SendingLimits) -> Self {
        Self {
            store: runtime.store(),
            lookup: CarrierLookup::new(&runtime.aws),
            limits,
            clock: runtime.clock.clone(),
            randomness: runtime.randomness.clone(),
        }
    }

    /// Handles an API request. A failure becomes an error response.
    pub async fn handle(&self, request: Request) -> Result<Response<Body>, Infallible> {
        Ok(web::respond(&request, self.answer(&request).await))
    }

    async fn answer(&self, request: &Request) -> Result<WebResponse, Problem> {
        let staff = web::staff_or_program(request)?;
        if request.uri().path().ends_with("/api/staff") {
            return self.providers(request, &staff).await;
        }
        let one = request.path_parameters_ref().is_some_and(|parameters| parameters.first("appointment").is_some());
        match (request.method(), one) {
            (&Method::GET, false) if web::is_named(request, "planned") => self.check_slot(request, &staff).await,
            (&Method::GET, false) => self.day(request, &staff).await,
            (&Method::GET, true) => self.show(request, &staff).await,
            (&Method::PUT, _) => self.put_appointment(request, &staff).await,
            (_, false) => self.create(request, &staff).await,
            (_, true) => self.change(request, &staff).await,
        }
    }

    /// Lists the practitioners of the company.
    async fn providers(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        let providers = self.store.providers(&staff.company).await?;
        Ok(ResponseFormat::of_request(request)
            .answer(|| views::providers(&providers, None), || views::providers_json(&providers)))
    }

    /// Lists the appointments of a day in the company's time zone. The default is today.
    async fn day(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        let viewer = self.viewer(staff);
        let zone = &staff.time_zone;
        let (today, _) = zone.local(viewer.now);
        let day = web::day(request)?.unwrap_or(today);
        let limit = web::limit_up_to(request, A_PAGE, MOST_OF_A_DAY)?;
        let after = web::position(request, "after")?;
        let (begins, until) = (Position::start_of(zone.start_of(day)), zone.start_of(day.next()));
        let from = after.map_or(begins, |after| begins.max(after.successor()));
        let page = self.store.appointments(&staff.company, from, until, limit, viewer.now).await?;
        Ok(ResponseFormat::of_request(request).answer(
            || {
                let shown = (limit, (limit + A_PAGE).min(MOST_OF_A_DAY));
                views::appointments(&page, shown, day, today, &viewer)
            },
            || {
                let items = page.items.iter().map(|it| views::appointment_json(it, zone, &viewer));
                let next = page.next.map(|next| format!("/api/appointments?day={day}&limit={limit}&after={next}"));
                let items = items.collect::<Vec<_>>();
                json!({"day": day.to_string(), "time_zone": zone, "items": items, "next": next})
            },
        ))
    }

    /// Checks a planned time: whether it is in the past, and which appointments of the practitioner it overlaps. The
    /// check only informs, and prevents nothing.
    async fn check_slot(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        let viewer = self.viewer(staff);
        let planned = PlannedSlot::from_request(request, &staff.time_zone);
        let mut meets = Vec::new();
        if let Some((planned, practitioner)) = planned.as_ref().and_then(|it| Some((it, it.provider.as_ref()?))) {
            // An appointment lasts at most a day, so an overlapping appointment cannot start earlier.
            let (from, until) = (planned.start.minus_secs(24 * 60 * 60), planned.ends);
            let company = &staff.company;
            let there =
                self.store.appointments_with(company, practitioner, from, until, MOST_OF_A_DAY, viewer.now).await?;
            meets.extend(there.into_iter().filter(|other| planned.meets(other)).rev());
        }
        let is_over = planned.is_some_and(|planned| planned.start < viewer.now);
        Ok(ResponseFormat::of_request(request).answer(
            || views::planned(is_over, &meets),
            || views::planned_json(is_over, &meets, &staff.time_zone, &viewer),
        ))
    }

    async fn show(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        let appointment = self.find_appointment(staff, &web::appointment(request)?).await?;
        self.respond_with(request, staff, &appointment).await
    }

    /// Creates an appointment.
    async fn create(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        let key = IdempotencyKey::of_request(request)?.map_or_else(|| self.randomness.token(), |key| key.0);
        let id = MessageId::of_request(&staff.company, &staff.id, &key).to_string().parse()?;
        let made_of = RequestDigest::request(request.body());
        let appointment = self.create_from(staff, id, made_of, &web::body(request)?).await?;
        let address = views::appointment_address(&appointment.id);
        let answer = self.respond_with(request, staff, &appointment).await?;
        Ok(answer.with_status(StatusCode::CREATED).with_header("hx-redirect", &address))
    }

    /// Creates the appointment of a request under its idempotency key.
    ///
    /// A repeat of the same request returns the current appointment. Another request with the same key fails.
    async fn create_from(
        &self,
        staff: &Staff,
        id: AppointmentId,
        made_of: RequestDigest,
        written: &AppointmentInput,
    ) -> Result<Appointment, Problem> {
        let now = self.clock.now();
        let there = if let Some(there) = self.store.appointment(&staff.company, &id, now).await? {
            there
        } else {
            let details = self.details(staff, written, None).await?;
            self.count_write(staff).await?;
            let made_of = Some(made_of.clone());
            let new = Appointment { made_of, ..Appointment::new(id, details, &staff.name, now) };
            match self.store.save_appointment(&staff.company, None, &new, Some(staff), now).await? {
                SaveOutcome::Done => return Ok(new),
                SaveOutcome::Overtaken(there) => *there.ok_or_else(overtaken_too_often)?,
            }
        };
        if there.made_of.as_ref().is_none_or(|before| *before == made_of) { Ok(there) } else { Err(key_used()) }
    }

    /// Changes an appointment, based on the version that the writer has seen. If the appointment has changed since,
    /// returns those changes and saves nothing.
    async fn change(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        let id = web::appointment(request)?;
        let written: AppointmentInput = web::body(request)?;
        let unnamed = || {
            Problem::new(
                StatusCode::BAD_REQUEST,
                "no-version",
                "Say by `version` which version of the appointment this is a change of.",
            )
        };
        let seen = written.version().ok_or_else(unnamed)?;
        let saved = self.find_appointment(staff, &id).await?;
        match self.on_top(staff, &written, seen, saved).await? {
            ChangeOutcome::Yes(appointment) => self.respond_with(request, staff, &appointment).await,
            ChangeOutcome::Meanwhile(saved, typed) => self.texting_of(request, staff, &saved, &typed, seen).await,
        }
    }

    /// Creates or replaces a scheduling system's appointment under the system's own id.
    async fn put_appointment(&self, request: &Request, staff: &Staff) -> Result<WebResponse, Problem> {
        web::same_origin(request)?;
        let parameters = request.path_parameters_ref();
        let id = parameters.and_then(|parameters| parameters.first("appointment")).unwrap_or_default();
        let id: AppointmentId = id
            .parse()
            .map_err(|error: InvalidAppointment| Problem { status: StatusCode::BAD_REQUEST, ..error.into() })?;
        let written: AppointmentInput = web::body(request)?;
        let Some(seen) = written.version() else {
            let put = self.written_over(staff, &id, &written).await?;
            let answer = self.respond_with(request, staff, &put.appointment).await?;
            return Ok(if put.is_new { answer.with_status(StatusCode::CREATED) } else { answer });
        };
        let saved = self.find_appointment(staff, &id).await?;
        match self.on_top(staff, &written, seen, saved).await? {
            ChangeOutcome::Yes(appointment) => self.respond_with(request, staff, &appointment).await,
            ChangeOutcome::Meanwhile(saved, typed) => self.texting_of(request, staff, &saved, &typed, seen).await,
        }
    }

    /// Counts a save, and fails if the rate limit is reached.
    ///
    /// A request counts once, even if concurrent writers make it retry. A request that changes nothing does not count,
    /// since scheduling systems send unchanged appointments again.
    async fn count_write(&self, staff: &Staff) -> Result<(), Problem> {
        let now = self.clock.now();
        // The session is checked before counting. A request that is rejected must not use up the company's rate limit.
        self.store.require_session(staff, now).await?;
        let usage = MeteredAction::AppointmentWrite;
        let windows = self.limits.usage.windows(usage, staff, now);
        let Some(full) = self.store.consume(staff, usage, &windows).await? else { return Ok(()) };
        tracing::warn!(company = %staff.company, staff = %staff.id, counted = ?full.counted, "an appointment was not saved: rate limit reached");
        Err(Problem {
            retry_after: Some(full.lasts_secs(now)),
            ..Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-saves", usage.sentence(&full, staff))
        })
    }

    /// Saves the fields of the request over the current version. The last write wins. Retries when another writer has
    /// changed the appointment.
    async fn written_over(
        &self,
        staff: &Staff,
        id: &AppointmentId,
        written: &AppointmentInput,
    ) -> Result<PutRequest, Problem> {
        let now = self.clock.now();
        let mut before = self.store.appointment(&staff.company, id, now).await?;
        for attempt in 0..WRITE_ATTEMPTS {
            self.store.back_off(attempt).await;
            let details = self.details(staff, written, before.as_ref().map(Appointment::details)).await?;
            let appointment = match &before {
                None => Appointment::new(id.clone(), details, &staff.name, now),
                Some(before) if *before.details() == details => {
                    return Ok(PutRequest { appointment: before.clone(), is_new: false });
                }
                Some(before) => before.changed(details, &staff.name, now),
            };
            if attempt == 0 {
                self.count_write(staff).await?;
            }
            match self.store.save_appointment(&staff.company, before.as_ref(), &appointment, Some(staff), now).await? {
                SaveOutcome::Done => return Ok(PutRequest { is_new: before.is_none(), appointment }),
                SaveOutcome::Overtaken(there) => before = there.map(|there| *there),
            }
        }
        Err(overtaken_too_often())
    }

    /// Saves the fields of the request if the writer has seen the latest version. Otherwise returns the conflict.
    async fn on_top(
        &self,
        staff: &Staff,
        written: &AppointmentInput,
        seen: u32,
        saved: Appointment,
    ) -> Result<ChangeOutcome, Problem> {
        let now = self.clock.now();
        let mut saved = saved;
        for attempt in 0..WRITE_ATTEMPTS {
            self.store.back_off(attempt).await;
            let begun_from = saved.version(seen).unwrap_or(&saved.now).details.clone();
            let typed = self.details(staff, written, Some(&begun_from)).await?;
            let details = merge_onto(typed, &saved, seen);
            if details == *saved.details() {
                return Ok(ChangeOutcome::Yes(saved));
            }
            if seen != saved.now.number {
                return Ok(ChangeOutcome::Meanwhile(saved, Box::new(details)));
            }
            if attempt == 0 {
                self.count_write(staff).await?;
            }
            let appointment = saved.changed(details, &staff.name, now);
            match self.store.save_appointment(&staff.company, Some(&saved), &appointment, Some(staff), now).await? {
                SaveOutcome::Done => return Ok(ChangeOutcome::Yes(appointment)),
                SaveOutcome::Overtaken(Some(there)) => saved = *there,
                SaveOutcome::Overtaken(None) => return Err(Problem::no_appointment()),
            }
        }
        Err(overtaken_too_often())
    }

    async fn details(
        &self,
        staff: &Staff,
        written: &AppointmentInput,
        before: Option<&AppointmentDetails>,
    ) -> Result<AppointmentDetails, Problem> {
        let mobile = self.mobile(staff, written, before.and_then(|before| before.mobile.as_ref())).await?;
        let reading = ParseContext { zone: &staff.time_zone, retention: self.store.retention(), now: self.clock.now() };
        let provider = self.provider(staff, written, before.and_then(|before| before.provider.as_ref())).await?;
        Ok(written.details(before, mobile, provider, &reading)?)
    }

    /// Parses the mobile number in the national format of the company's region. Keeps the earlier number if the field
    /// was left out.
    async fn mobile(
        &self,
        staff: &Staff,
        written: &AppointmentInput,
        before: Option<&MobileNumber>,
    ) -> Result<Option<MobileNumber>, Problem> {
        let Some(typed) = &written.mobile else { return Ok(before.cloned()) };
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        let number = PhoneNumber::mobile(typed, staff.region)?;
        if let Some(before) = before.filter(|before| before.number == number) {
            return Ok(Some(before.clone()));
        }
        if self.store.has_line(&staff.company, &number).await? {
            return Err(InvalidPhoneNumber::OurOwn(number.shown_in(staff.region)).into());
        }
        Ok(Some(self.company(staff).await?.mobile(number)))
    }

    /// Reads the practitioner with the id in the request. Keeps the earlier practitioner if the field was left out.
    async fn provider(
        &self,
        staff: &Staff,
        written: &AppointmentInput,
        before: Option<&Practitioner>,
    ) -> Result<Option<Practitioner>, Problem> {
        let Some(typed) = &written.provider else { return Ok(before.cloned()) };
        if typed.is_empty() {
            return Ok(None);
        }
        if let Some(before) = before.filter(|before| before.staff.as_str() == typed) {
            return Ok(Some(before.clone()));
        }
        let id = typed.parse().map_err(|_| InvalidAppointment::Provider)?;
        let present = self.store.active_staff(&staff.company, &id).await?.ok_or(InvalidAppointment::Provider)?;
        Ok(Some(Practitioner { staff: id, name: present.staff.name }))
    }

    async fn company(&self, staff: &Staff) -> Result<Company, Problem> {
        self.store.company(&staff.company).await?.ok_or_else(Problem::no_company)
    }

    async fn find_appointment(&self, staff: &Staff, id: &AppointmentId) -> Result<Appointment, Problem> {
        self.store.appointment(&staff.company, id, self.clock.now()).await?.ok_or_else(Problem::no_appointment)
    }

    async fn respond_with(
        &self,
        request: &Request,
        staff: &Staff,
        appointment: &Appointment,
    ) -> Result<WebResponse, Problem> {
        let (viewer, zone) = (self.viewer(staff), &staff.time_zone);
        let texting = self.texting(staff, appointment.details()).await?;
        let providers = self.offered(request, staff).await?;
        Ok(ResponseFormat::of_request(request).answer(
            || views::appointment(&AppointmentView::unchanged(appointment), &texting, &providers, zone, &viewer),
            || views::appointment_and_texting_json(appointment, &texting, zone, &viewer),
        ))
    }

    /// Returns the response to a save that was based on an outdated version, with status 409.
    ///
    /// The response shows which fields have changed since. It also contains the fields of the request merged with those
    /// changes, ready to be saved again.
    async fn texting_of(
        &self,
        request: &Request,
        staff: &Staff,
        saved: &Appointment,
        typed: &AppointmentDetails,
        seen: u32,
    ) -> Result<WebResponse, Problem> {
        let (viewer, zone) = (self.viewer(staff), &staff.time_zone);
        let texting = self.texting(staff, saved.details()).await?;
        let providers = self.offered(request, staff).await?;
        let view = AppointmentView { appointment: saved, typed, since: Some(seen) };
        let answer = ResponseFormat::of_request(request).answer(
            || views::appointment(&view, &texting, &providers, zone, &viewer),
            || views::changed_meanwhile_json(&view, &texting, zone, &viewer),
        );
        Ok(answer.with_status(StatusCode::CONFLICT))
    }

    /// Returns whether the customer can be texted, and if not, why.
    async fn texting(&self, staff: &Staff, details: &AppointmentDetails) -> Result<TextingView, Problem> {
        let Some(mobile) = &details.mobile else {
            return Ok(TextingView {
                mobile: None,
                refused: Some(TextingObstacle::NoNumber),
                checked: true,
                unchecked: None,
                talked: false,
                is_blocked: false,
                opt_out: None,
            });
        };
        let now = self.clock.now();
        let (customer, conversation, not_texted) =
            self.store.customer(&staff.company, mobile.conversation, now).await?;
        let mut customer = customer.unwrap_or_else(|| Customer::new(mobile.number.clone()));
        let mut unchecked = None;
        // A number in a country that is not allowed is never texted, so its kind is not looked up.
        if self.limits.reach(&customer.number, staff.region).is_ok() && customer.is_to_be_looked_up(now) {
            match self.look_up(staff, mobile.conversation, &customer).await {
                LookupOutcome::Is(kind) => customer.kind = kind,
                LookupOutcome::Limited(sentence) => unchecked = Some(sentence),
            }
        }
        let heard = conversation.as_ref().and_then(|conversation| conversation.heard);
        Ok(TextingView {
            mobile: Some(mobile.clone()),
            refused: customer.can_be_texted(staff.region, &self.limits, heard.map(|heard| heard.at)).err(),
            checked: customer.kind.is_some(),
            unchecked,
            talked: conversation.is_some(),
            is_blocked: not_texted.block.is_some(),
            opt_out: not_texted.opt_out,
        })
    }

    /// Requests a carrier lookup of the kind of the customer's number.
    ///
    /// Skips the look-up while another request does it, or when the rate limit is reached. The appointment is then
    /// saved and shown without the kind of the number.
    async fn look_up(&self, staff: &Staff, conversation: ConversationId, customer: &Customer) -> LookupOutcome {
        let now = self.clock.now();
        let windows = self.limits.usage.windows(MeteredAction::NumberLookup, staff, now);
        match self.store.claim_look_up(staff, conversation, customer, &windows, now).await {
            Ok(LookupClaim::Ours) => {}
            Ok(LookupClaim::Theirs) => return LookupOutcome::Is(None),
            Ok(LookupClaim::Limited(full)) => {
                tracing::warn!(company = %staff.company, staff = %staff.id, counted = ?full.counted, period = ?full.period, "a number was not looked up: rate limit reached");
                return LookupOutcome::Limited(MeteredAction::NumberLookup.sentence(&full, staff));
            }
            Err(error) => {
                tracing::warn!(%error, "a number's type was not looked up; it will be retried");
                return LookupOutcome::Is(None);
            }
        }
        let Some(kind) = self.lookup.kind_of(&customer.number).await else { return LookupOutcome::Is(None) };
        if let Err(error) = self.store.record_number_kind(&staff.company, conversation, kind).await {
            tracing::warn!(%error, "a number's type was not stored; it will be looked up again");
        }
        LookupOutcome::Is(Some(kind))
    }

    /// Returns the practitioners that the form offers. Returns an empty list for JSON, which has no form.
    async fn offered(&self, request: &Request, staff: &Staff) -> Result<Vec<Practitioner>, Problem> {
        Ok(match ResponseFormat::of_request(request) {
            ResponseFormat::Html => self.store.providers(&staff.company).await?,
            ResponseFormat::Json => Vec::new(),
        })
    }

    fn viewer(&self, staff: &Staff) -> Viewer {
        Viewer { region: staff.region, now: self.clock.now() }
    }
}

/// The result of a carrier look-up.
enum LookupOutcome {
    /// The kind of the number. `None` if it is not known yet.
    Is(Option<NumberKind>),
    /// The look-up was not made because of a rate limit. Contains a sentence with the reason.
    Limited(String),
}

/// The result of a `PUT`.
struct PutRequest {
    appointment: Appointment,
    is_new: bool,
}

/// The result of a change that was based on a version.
enum ChangeOutcome {
    Yes(Appointment),
    /// Another writer has changed the appointment. Contains the saved appointment, and the details of the request
    /// merged with it.
    Meanwhile(Appointment, Box<AppointmentDetails>),
}
