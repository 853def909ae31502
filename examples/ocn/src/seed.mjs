// Demonstration data for a developer's machine. It empties the shop first: never for a database that anybody needs.
import { database } from "./database.mjs";

await database.payment.deleteMany();
await database.invoiceLine.deleteMany();
await database.invoice.deleteMany();
await database.stockMove.deleteMany();
await database.product.deleteMany();
await database.customer.deleteMany();
await database.technician.deleteMany();

await database.technician.create({ data: { name: "Budi" } });
const customer = await database.customer.create({ data: { name: "Toko Contoh", city: "Bandung" } });
const product = await database.product.create({ data: { code: "AC-1", name: "Air conditioner", price: 3500000 } });
await database.stockMove.create({ data: { productId: product.id, quantity: 10, reason: "opening" } });
const invoice = await database.invoice.create({
  data: { number: "DEMO-1", customerId: customer.id, lines: { create: [{ productId: product.id, quantity: 1, price: 3500000 }] } },
});
await database.payment.create({ data: { number: 1, amount: 3500000, invoiceId: invoice.id } });
console.log("seeded");
await database.$disconnect();
