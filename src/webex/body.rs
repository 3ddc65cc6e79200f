//! The body of an answer, of which no more is taken than a cap.

use super::error::describe;

/// The largest body that is read; a full page of 2,000 numbers is about 1 MB.
const BODY_CAP: usize = 16 * 1024 * 1024;

/// Reads it to its end.
pub(super) async fn read_body(mut response: reqwest::Response) -> Result<String, String> {
    let mut body = Vec::new();
    // Bounded by the cap and by the time-out of the request.
    while let Some(chunk) = response.chunk().await.map_err(|error| describe(&error))? {
        if body.len().saturating_add(chunk.len()) > BODY_CAP {
            return Err(format!("the answer is larger than {BODY_CAP} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&body).into_owned())
}
