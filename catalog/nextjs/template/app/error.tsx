"use client";

import { Button } from "@/components/ui/button";

interface ErrorPageProps {
  error: Error & { digest?: string };
  reset: () => void;
}

export default function ErrorPage({ error, reset }: ErrorPageProps) {
  return (
    <>
      <h1>Something went wrong</h1>
      <p>
        {error.digest
          ? `Reference ${error.digest}. See the server log for details.`
          : "See the browser console for details."}
      </p>
      <Button onClick={reset}>Try again</Button>
    </>
  );
}
