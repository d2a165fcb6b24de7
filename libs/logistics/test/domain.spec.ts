import { type ContractEvent, SystemIds } from '@tradewind/shared-kernel';
import {
  WaybillCancelled,
  WaybillCreated,
  WaybillDelivered,
  WaybillDispatched,
  WaybillException,
  WaybillReturned,
} from '../src/contract';
import { Waybill } from '../src/domain/waybill';
import { scan } from './scans';

const ids = new SystemIds();
const typesOf = (events: ContractEvent[]) => events.map((event) => event.constructor);

function aRequestedWaybill(): Waybill {
  const createdAt = new Date('2026-11-23T00:00:00Z');
  return Waybill.requested({ id: ids.next('wbl'), orderId: ids.next('ord'), carrier: 'SF', createdAt });
}

function aBookedWaybill(): Waybill {
  const waybill = aRequestedWaybill();
  waybill.accept('SF1');
  waybill.takeEvents();
  return waybill;
}

describe('a waybill', () => {
  it('tells its number once', () => {
    const waybill = aRequestedWaybill();
    waybill.accept('SF1');
    waybill.accept('SF1');
    const events = waybill.takeEvents();
    expect(typesOf(events)).toEqual([WaybillCreated]);
    expect(events[0]?.data).toMatchObject({ orderId: waybill.orderId, carrier: 'SF', number: 'SF1' });
    expect(waybill.version).toBe(1);
  });

  it('is dispatched before it is delivered, also when the pickup scan was lost', () => {
    const waybill = aBookedWaybill();
    waybill.track([scan('DELIVERED', 5)]);
    const events = waybill.takeEvents();
    expect(typesOf(events)).toEqual([WaybillDispatched, WaybillDelivered]);
    expect(events.map((event) => event.aggregateVersion)).toEqual([2, 3]);
  });

  it('announces each fact once, however often and late its scans come', () => {
    const waybill = aBookedWaybill();
    waybill.track([scan('IN_TRANSIT', 2)]);
    waybill.track([scan('IN_TRANSIT', 2), scan('PICKED_UP', 1)]);
    waybill.track([scan('PICKED_UP', 1), scan('IN_TRANSIT', 2), scan('DELIVERED', 3), scan('DELIVERED', 4)]);
    expect(typesOf(waybill.takeEvents())).toEqual([WaybillDispatched, WaybillDelivered]);
  });

  it('announces trouble each time it begins', () => {
    const waybill = aBookedWaybill();
    const trouble = scan('EXCEPTION', 2, { subStatus: 'lost' });
    waybill.track([scan('PICKED_UP', 1), trouble]);
    waybill.track([scan('PICKED_UP', 1), trouble, scan('EXCEPTION', 3)]);
    const events = waybill.takeEvents();
    expect(typesOf(events)).toEqual([WaybillDispatched, WaybillException]);
    expect(events[1]?.data).toMatchObject({ status: 'EXCEPTION', subStatus: 'lost' });
    waybill.track([trouble, scan('IN_TRANSIT', 4), scan('DELIVERY_FAILED', 5)]);
    expect(typesOf(waybill.takeEvents())).toEqual([WaybillException]);
  });

  it('says nothing about trouble that is over by the time it is heard of', () => {
    const waybill = aBookedWaybill();
    waybill.track([scan('IN_TRANSIT', 3)]);
    waybill.takeEvents();
    waybill.track([scan('EXCEPTION', 2), scan('IN_TRANSIT', 3)]);
    expect(waybill.takeEvents()).toEqual([]);
  });

  it('tells of a delivery and of a return', () => {
    const waybill = aBookedWaybill();
    waybill.track([scan('DELIVERED', 1), scan('RETURNING', 2), scan('RETURNED', 3)]);
    expect(typesOf(waybill.takeEvents())).toEqual([WaybillDispatched, WaybillDelivered, WaybillReturned]);
    expect(waybill.snapshot().status).toBe('RETURNED');
  });

  it('is cancelled when the carrier voids it', () => {
    const waybill = aBookedWaybill();
    waybill.track([scan('CANCELLED', 1)]);
    expect(typesOf(waybill.takeEvents())).toEqual([WaybillCancelled]);
  });

  it('can be withdrawn until the carrier has it', () => {
    const waybill = aBookedWaybill();
    expect(waybill.withdraw(new Date())).toBe('withdrawn');
    expect(waybill.withdraw(new Date())).toBe('over');
    expect(typesOf(waybill.takeEvents())).toEqual([WaybillCancelled]);

    const onItsWay = aBookedWaybill();
    onItsWay.track([scan('PICKED_UP', 1)]);
    expect(onItsWay.withdraw(new Date())).toBe('too-late');
  });

  it('once withdrawn takes its number silently and ignores scans', () => {
    const waybill = aRequestedWaybill();
    waybill.withdraw(new Date());
    waybill.takeEvents();
    waybill.accept('SF1');
    waybill.track([scan('PICKED_UP', 1)]);
    expect(waybill.takeEvents()).toEqual([]);
    expect(waybill.snapshot()).toMatchObject({ number: 'SF1', status: 'CANCELLED', dispatchedAt: null });
  });
});
