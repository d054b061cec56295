-- SMART scopes of a token (system/Patient.rs): with them it opens the FHIR façade alone, and there what they name.
-- Null: the role alone decides.
alter table api_token add column scopes text[];
