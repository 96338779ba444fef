export * from '#shared/views.ts'
