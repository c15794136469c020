include selftests/agree/build.mk
