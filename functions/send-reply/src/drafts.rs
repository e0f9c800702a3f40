//! Form drafts: text that a member of staff has neither sent nor saved. Only its author can read a draft, on any
//! device.

use domain::{FormDraft, Staff, Timestamp};
use http::{Method, StatusCode};
use lambda_http::Request;
use serde_json::{Value, json};
use store::{DRAFTS_AT_MOST, SaveDraftOutcome, Store};
use web::{Problem, WebResponse};

/// Returns whether a request is about a draft.
pub(crate) fn is_for(request: &Request) -> bool {
    request.uri().path().contains("/api/drafts/")
}

/// Saves, deletes or returns a draft.
pub(crate) async fn answer(
    request: &Request,
    staff: &Staff,
    store: &Store,
    now: Timestamp,
) -> Result<WebResponse, Problem> {
    let name = web::draft_name(request)?;
    match *request.method() {
        Method::PUT => {
            web::same_origin(request)?;
            let draft: FormDraft = web::body(request)?;
            draft.check()?;
            match store.save_draft(staff, &name, &draft, now).await? {
                SaveDraftOutcome::Done => Ok(WebResponse::nothing()),
                SaveDraftOutcome::TooMany => Err(too_many()),
            }
        }
        Method::DELETE => {
            web::same_origin(request)?;
            store.delete_draft(staff, &name, now).await?;
            Ok(WebResponse::nothing())
        }
        _ => {
            let kept = store.draft(staff, &name, now).await?;
            Ok(WebResponse::json(&kept.map_or(Value::Null, |kept| {
                let FormDraft { fields, tried, key, version } = kept.draft;
                let saved_at = kept.saved_at.to_string();
                json!({"fields": fields, "tried": tried, "key": key, "version": version, "saved_at": saved_at})
            })))
        }
    }
}

fn too_many() -> Problem {
    Problem::new(
        StatusCode::CONFLICT,
        "too-many-drafts",
        format!("You have {DRAFTS_AT_MOST} drafts already, which is as many as are kept. Send or empty one of them."),
    )
}
