//! Whom a person or location may call: `INTERNATIONAL=BLOCK|NATIONAL=ALLOW+transfer`.

text_enum! {
    /// A kind of outgoing call.
    CallType {
        /// Within the organisation.
        InternalCall = "INTERNAL_CALL",
        /// Toll free.
        TollFree = "TOLL_FREE",
        /// International.
        International = "INTERNATIONAL",
        /// By an operator.
        OperatorAssisted = "OPERATOR_ASSISTED",
        /// By directory assistance, at a charge.
        ChargeableDirectoryAssisted = "CHARGEABLE_DIRECTORY_ASSISTED",
        /// Special services, first kind.
        SpecialServices1 = "SPECIAL_SERVICES_I",
        /// Special services, second kind.
        SpecialServices2 = "SPECIAL_SERVICES_II",
        /// Premium services, first kind.
        PremiumServices1 = "PREMIUM_SERVICES_I",
        /// Premium services, second kind.
        PremiumServices2 = "PREMIUM_SERVICES_II",
        /// National.
        National = "NATIONAL",
    }
}

text_enum! {
    /// What becomes of such a call.
    CallAction {
        /// It is made.
        Allow = "ALLOW",
        /// It is refused.
        Block = "BLOCK",
        /// It needs a code.
        AuthCode = "AUTH_CODE",
        /// It is transferred to the first transfer number.
        TransferNumber1 = "TRANSFER_NUMBER_1",
        /// To the second.
        TransferNumber2 = "TRANSFER_NUMBER_2",
        /// To the third.
        TransferNumber3 = "TRANSFER_NUMBER_3",
    }
}

/// One part of a list of permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// Which calls.
    pub call_type: CallType,
    /// What becomes of them.
    pub action: CallAction,
    /// Whether they may be transferred or forwarded.
    pub transfer: bool,
}

/// Stands behind an action that lets calls be transferred.
pub const TRANSFER: &str = "+transfer";

impl Permission {
    /// Reads the normalised text of one part.
    pub fn parse(text: &str) -> Option<Permission> {
        let (call_type, action) = text.split_once('=')?;
        let (action, transfer) = match action.strip_suffix(TRANSFER) {
            Some(action) => (action, true),
            None => (action, false),
        };
        let (call_type, action) = (CallType::from_text(call_type)?, CallAction::from_text(action)?);
        Some(Permission { call_type, action, transfer })
    }
}

impl std::fmt::Display for Permission {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let transfer = if self.transfer { TRANSFER } else { "" };
        write!(f, "{}={}{transfer}", self.call_type, self.action)
    }
}
