import { database } from "./database.mjs";

/** Wrong input of a client, as opposed to a fault of ours. */
export class Refused extends Error {}

function whole(body, name) {
  const value = body[name];
  if (!Number.isInteger(value)) throw new Refused(`${name} must be a whole number`);
  return value;
}

function text(body, name) {
  const value = body[name];
  if (typeof value !== "string" || value === "") throw new Refused(`${name} must be text`);
  return value;
}

const tables = {
  customers: database.customer,
  products: database.product,
  stock_moves: database.stockMove,
  technicians: database.technician,
  invoices: database.invoice,
  invoice_lines: database.invoiceLine,
  payments: database.payment,
};

/** Rows per table. */
export async function counts() {
  const found = {};
  for (const [name, table] of Object.entries(tables)) found[name] = await table.count();
  return found;
}

/** Every payment's number from one number on, in their order: what a client compares with what it was told. */
export async function paymentNumbers(from) {
  const rows = await database.payment.findMany({ where: { number: { gte: from } }, select: { number: true }, orderBy: { number: "asc" } });
  return rows.map((row) => row.number);
}

export async function addCustomer(body) {
  return database.customer.create({ data: { name: text(body, "name"), city: body.city ?? "" } });
}

export async function addProduct(body) {
  return database.product.create({ data: { code: text(body, "code"), name: text(body, "name"), price: whole(body, "price") } });
}

export async function addTechnician(body) {
  return database.technician.create({ data: { name: text(body, "name") } });
}

/** The invoice, its lines and what leaves the stock, or none of them. */
export async function addInvoice(body) {
  const lines = (body.lines ?? []).map((line) => ({
    productId: whole(line, "product"),
    quantity: whole(line, "quantity"),
    price: whole(line, "price"),
  }));
  return database.$transaction(async (shop) => {
    const invoice = await shop.invoice.create({
      data: { number: text(body, "number"), customerId: whole(body, "customer"), lines: { create: lines } },
    });
    for (const line of lines) {
      await shop.stockMove.create({ data: { productId: line.productId, quantity: -line.quantity, reason: `invoice ${invoice.number}` } });
    }
    return invoice;
  });
}

/** The payment of this number; when it was made before, that one, so that a client who heard no answer may ask again. */
export async function addPayment(body) {
  const number = whole(body, "number");
  const data = { number, amount: whole(body, "amount"), invoiceId: body.invoice ?? null };
  return database.payment.upsert({ where: { number }, create: data, update: {} });
}
