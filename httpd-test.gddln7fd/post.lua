
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/xml; charset=utf-8"
wrk.body = io.open("/tmp/lead/life/src/httpd-test.gddln7fd/body"):read("*a")
