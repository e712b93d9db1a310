module example.com/myapp/dev/event-reasons

go 1.26.0
