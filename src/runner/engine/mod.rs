//! How a goal is reached. Knows no kind of row and no goal.

mod eyes;
mod goal;
mod hands;
mod reach;
mod sender;
mod verdict;
mod work;

pub(crate) use eyes::Eyes;
pub(crate) use goal::{Confirm, Decision, Goal, Missing};
pub(crate) use hands::Hands;
pub(crate) use reach::By;
pub(crate) use sender::Sender;
pub(crate) use verdict::Shown;
pub(crate) use work::{Finished, RowEnd, Work};
