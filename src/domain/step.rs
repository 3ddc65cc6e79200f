//! The steps of the three phases; their names are part of the contract of the files.

text_enum! {
    /// One part of the work on a row.
    Step {
        /// Find the location by its tag, then by its exact name.
        LocationLookup = "location_lookup",
        /// Create the location.
        LocationCreate = "location_create",
        /// Bring an existing location to what the row states.
        LocationUpdate = "location_update",
        /// Enable the location for calling.
        LocationEnableCalling = "location_enable_calling",
        /// Choose the location's PSTN connection.
        LocationApplyPstn = "location_apply_pstn",
        /// Activate those of the job's numbers that stand inactive in the location.
        LocationActivateNumbers = "location_activate_numbers",
        /// Add numbers to the location.
        LocationAddNumbers = "location_add_numbers",
        /// Apply the location's calling settings.
        LocationApplySettings = "location_apply_settings",
        /// Find the person by e-mail address.
        UserLookup = "user_lookup",
        /// Add a number that the row needs to its location.
        NumberAdd = "number_add",
        /// Give the person a calling licence with extension or number.
        UserEnableCalling = "user_enable_calling",
        /// Apply the settings of the user row.
        UserApplyCallingSettings = "user_apply_calling_settings",
        /// Find who holds the extension or number.
        AssignmentLookup = "assignment_lookup",
        /// Put the extension or number in place.
        AssignExtensionOrNumber = "assign_extension_or_number",
        /// Apply the settings of the assignment row.
        ApplyFinalSettings = "apply_final_settings",
        /// Take back what this row added (opt-in).
        Compensate = "compensate",
    }
}

text_enum! {
    /// How a step ended.
    StepState {
        /// It changed something in Webex, and the change is proved.
        Applied = "applied",
        /// It read what it needed, or found everything as the row wants it.
        Unchanged = "unchanged",
        /// It could not be completed.
        Failed = "failed",
    }
}
