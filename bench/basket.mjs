/** What one buyer sends to checkout. */
export const basket = (sku) => ({
  lines: [{ sku, quantity: 1 }],
  shippingAddress: {
    name: '王小明',
    phone: '+86 138 0000 0000',
    country: 'CN',
    province: '广东省',
    city: '深圳市',
    district: '南山区',
    line1: '科技园南路 1 号',
    postcode: '518057',
  },
  email: 'wang@example.com',
  paymentMethod: 'sandbox',
  carrier: 'SF',
  locale: 'zh-CN',
});
