DROP TABLE "Order"; DROP TABLE "Customer";
