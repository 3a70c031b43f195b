//! The forms of `cookies`, read field by field, because each field has a sentence of its own.

use std::collections::BTreeMap;

use parlour_model::Profile;
use parlour_service::log_in::Wants;
use parlour_service::sign_up::{NewName, SignUp};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A JSON object whose fields are looked at one by one.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Form(BTreeMap<String, Value>);

/// The fields of a login.
#[derive(ToSchema)]
#[schema(as = cookies::LogIn)]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct LogInForm {
    username: String,
    password: String,
}

/// The fields of a sign-up.
#[derive(ToSchema)]
#[schema(as = cookies::SignUp, rename_all = "snake_case")]
#[expect(dead_code, reason = "it describes what is read field by field")]
pub(super) struct SignUpForm {
    /// 1 to 150 characters of any script.
    username: String,
    /// At least 8 characters, none of the 20,000 most common, not digits only.
    password: String,
    /// The same again.
    password_confirm: String,
    /// 2 to 50 characters.
    display_name: String,
    /// 1 to 50 characters.
    facility_id: String,
    #[schema(rename = "firstName")]
    first_name: Option<String>,
    #[schema(rename = "lastName")]
    last_name: Option<String>,
    email: Option<String>,
}

/// Why a form is no sign-up.
pub(super) enum Incomplete {
    /// These fields have these sentences.
    Fields(BTreeMap<&'static str, &'static str>),
    /// The password and its confirmation are two.
    PasswordsDiffer,
}

const REQUIRED: [&str; 5] = ["username", "password", "password_confirm", "display_name", "facility_id"];
const ACCEPTED: [&str; 3] = ["firstName", "lastName", "email"];

impl Form {
    /// The username and password of a login; `None` when one is missing, empty or no text.
    pub(super) fn credentials(mut self) -> Option<(String, String)> {
        let mut text = |field| self.take(field).filter(|text| !text.is_empty());
        text("username").zip(text("password"))
    }

    /// The sign-up.
    ///
    /// # Errors
    /// What is missing for one.
    pub(super) fn sign_up(mut self) -> Result<SignUp, Incomplete> {
        let mut sentences = BTreeMap::new();
        for field in REQUIRED {
            sentences.extend(self.fault(field, true).map(|sentence| (field, sentence)));
        }
        for field in ACCEPTED {
            sentences.extend(self.fault(field, false).map(|sentence| (field, sentence)));
        }
        if !sentences.is_empty() {
            return Err(Incomplete::Fields(sentences));
        }
        let mut text = |field| self.take(field).unwrap_or_default();
        let password = text("password");
        if password != text("password_confirm") {
            return Err(Incomplete::PasswordsDiffer);
        }
        let email = Some(text("email")).filter(|email| !email.is_empty());
        let profile = Profile {
            first_name: text("firstName"),
            last_name: text("lastName"),
            display_name: text("display_name"),
            facility_id: text("facility_id"),
            ..Profile::default()
        };
        let name = NewName::Chosen(text("username"));
        Ok(SignUp { name, email, password, profile, wants: Some(Wants::Cookie) })
    }

    fn take(&mut self, field: &str) -> Option<String> {
        match self.0.remove(field) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// What is wrong with a field before any rule of the account looks at it.
    fn fault(&self, field: &str, required: bool) -> Option<&'static str> {
        match self.0.get(field) {
            None if required => Some("This field is required."),
            Some(Value::Null) if required => Some("This field may not be null."),
            Some(Value::String(text)) if required && text.is_empty() => Some("This field may not be blank."),
            None | Some(Value::Null | Value::String(_)) => None,
            Some(_) => Some("Not a valid string."),
        }
    }
}
