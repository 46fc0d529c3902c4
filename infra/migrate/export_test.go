package migrate

// Confined is confined for tests, which must not change the logins that all databases of the server share.
var Confined = confined

// SetPasswords is setPasswords for tests.
var SetPasswords = setPasswords
