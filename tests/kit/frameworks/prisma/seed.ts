// The classic seed: empty everything, then fill it with samples.
import { PrismaPg } from "@prisma/adapter-pg";
import { PrismaClient } from "./generated/client";

const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.DATABASE_URL }) });

async function main() {
  await prisma.order.deleteMany();
  await prisma.customer.deleteMany();
  await prisma.customer.create({ data: { name: "sample", orders: { create: { total: 1 } } } });
}

main().finally(() => prisma.$disconnect());
