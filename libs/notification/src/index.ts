export { NotificationModule, notificationPersistence } from './notification.module';
export { NOTIFICATION_DEFAULTS, NotificationSettings } from './settings';
