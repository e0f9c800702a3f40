//! Requests that a browser would make.

use std::time::Duration;

use http::{Request, Response};
use https::{Https, NotAnswered};

const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST_ANSWER: usize = 1024 * 1024;

pub(crate) async fn get(address: &str) -> Result<Response<Vec<u8>>, NotAnswered> {
    let request = Request::get(address).header("user-agent", "switchboard-admin").body(Vec::new());
    Https::new(PATIENCE, LARGEST_ANSWER).ask(request.map_err(|_| NotAnswered::NotAnAddress)?).await
}
