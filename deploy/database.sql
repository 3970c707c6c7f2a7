-- Creates the role and the database of the service when compose.yaml starts with an empty volume. The role is no
-- superuser, so that no statement of the service can read files or run programs. A restore creates a database.
\getenv password NINEPANELS_PASSWORD
CREATE ROLE ninepanels LOGIN CREATEDB PASSWORD :'password';
CREATE DATABASE ninepanels OWNER ninepanels ENCODING 'UTF8' TEMPLATE template0;
