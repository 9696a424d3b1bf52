import { Hono } from "hono";
import type { AppEnv } from "../http/context.ts";
export const docs = new Hono<AppEnv>();
