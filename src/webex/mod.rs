//! The Webex REST API, and the only room with HTTP.
//!
//! [`Webex::send`] is the one way out: it waits, retries what is safe to retry, and gives back what remains. A [`Viewer`] is
//! all of it but writes.
//! [`calls`], [`site_calls`] and [`lab_calls`] build requests, [`wire`] reads answers, `contract` says per operation what an acceptable answer is.

mod backoff;
mod body;
mod budget;
pub mod calls;
mod connections;
mod contract;
mod error;
mod gate;
pub mod lab_calls;
mod link;
mod outage;
mod pace;
mod pacer;
mod pages;
mod retry_after;
mod sample;
mod settings;
pub mod site_calls;
mod transport;
mod viewer;
pub mod wire;

pub use budget::Budget;
pub use calls::{Call, CallKind, Read, Write};
pub use error::{Interrupted, Refusal, Trouble};
pub use pace::Pace;
pub use pages::{Extent, PageLimits};
pub use retry_after::AskedWait;
pub use sample::Sample;
pub use settings::{BaseUrl, BaseUrlError, ClientError, Token, TokenError, WebexSettings};
pub use transport::{Reply, Trace, Traffic, Webex};
pub use viewer::Viewer;
