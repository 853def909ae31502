module.exports = {
  dialect: "postgresql",
  schema: process.env.DRIZZLE_SCHEMA || "./schema.ts",
  dbCredentials: { url: process.env.DATABASE_URL },
};
