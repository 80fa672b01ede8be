# syntax=docker/dockerfile:1

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY build.mjs tsconfig.json ./
COPY src ./src
RUN npm run build && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
RUN mkdir -p /etc/moq-broker /var/lib/moq-broker && chown node:node /var/lib/moq-broker
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# docs/operations.md, "Running it".
ENV NODE_OPTIONS=--v8-pool-size=1
USER node
VOLUME /var/lib/moq-broker
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8080/healthz').then((answer) => { process.exitCode = answer.ok ? 0 : 1 }, () => { process.exitCode = 1 })"]
CMD ["node", "dist/broker/cli/main.js", "serve", "--config", "/etc/moq-broker/broker.yaml"]
