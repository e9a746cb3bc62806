"""Router advertisements of the virtual router (RFC 4861 §6, RFC 9568 §6.4): what is said, and when. Pure."""
