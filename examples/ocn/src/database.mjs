import { PrismaPg } from "@prisma/adapter-pg";
import prismaClient from "@prisma/client";

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL, max: 10 });

/** The one client of this process; its pool connects anew by itself after the database was away. */
export const database = new prismaClient.PrismaClient({ adapter });
