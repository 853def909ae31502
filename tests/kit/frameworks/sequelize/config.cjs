module.exports = { url: process.env.DATABASE_URL.replace("postgresql:", "postgres:"), dialect: "postgres", logging: false };
