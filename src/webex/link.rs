//! `Link` headers (RFC 8288), as far as paging needs them.

/// The target of `rel="next"`. A target may hold commas: links are told apart by their angle brackets.
pub(super) fn next_link(header: &str) -> Option<String> {
    header.split('<').skip(1).find_map(|link| {
        let (target, parameters) = link.split_once('>')?;
        let is_next = parameters.split([';', ',']).any(|parameter| {
            let parameter = parameter.trim().to_ascii_lowercase();
            parameter == "rel=\"next\"" || parameter == "rel=next"
        });
        is_next.then(|| target.trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_next_page_among_links() {
        let header = r#"<https://x/v1/a?first>; rel="first", <https://x/v1/a?id=1,2&start=2>; rel="next", <https://x/l>; rel=last"#;
        assert_eq!(next_link(header).as_deref(), Some("https://x/v1/a?id=1,2&start=2"));
        assert_eq!(next_link(r#"<https://x>; rel="prev""#), None);
        assert_eq!(next_link("nonsense"), None);
    }
}
