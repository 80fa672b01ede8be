/** The zone that the lab's DNS serves. */
export const LAB_ZONE = 'cdn.example'

/** Of the scope that the lab is started with. */
export const DEMO_NAME = 'demo'
